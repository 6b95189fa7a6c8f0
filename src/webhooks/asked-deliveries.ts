import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, detailsSql, IF_CHANGED } from "../audit/recording.ts";
import { type Credential, callerStatement } from "../db/caller.ts";
import type { Db } from "../db/types.ts";
import { IS_ADMIN } from "../environments/store.ts";
import type { ClaimedDelivery } from "./delivery-store.ts";
import { TEST_TYPE } from "./events.ts";
import { NEW_MESSAGE_ID } from "./outbox.ts";
import { type Asking, OF_WEBHOOK, type Refused } from "./store.ts";

/* The D1 statements of what admins ask of deliveries: to see them, to send one again, and a test. */

/** A delivery as the database has it, times in milliseconds. */
export type DeliveryRow = Pick<
  ClaimedDelivery,
  "id" | "messageId" | "type" | "captureId" | "sequence" | "time" | "attempts" | "tried"
> & { status: "pending" | "delivered" | "dead"; nextAt: number | null };

const DELIVERY = `d.id as id, d.message_id as messageId, d.type as type, d.capture_id as captureId, d.sequence as sequence,
  d.time as time, d.status as status, d.attempts as attempts, d.next_at as nextAt, d.tried as tried`;

/** As `WEBHOOKS_OF_CALLER`, for admins only. */
const WEBHOOK_OF_ADMIN = `from caller left join members m on m.user_id = caller.id and m.env_id = :envId
  left join webhooks w on w.id = :webhookId and w.env_id = m.env_id and m.role = 'admin'`;

const DELIVERIES = callerStatement(
  `select caller.id as caller, m.role as role, w.id as webhookId, ${DELIVERY} ${WEBHOOK_OF_ADMIN}
     left join webhook_deliveries d on d.webhook_id = w.id order by d.id desc limit :limit`,
);

type OfWebhook = Asking & { webhookId: number | null };

/** The row that was read by `WEBHOOK_OF_ADMIN`, if the caller is an admin and there is such a webhook. */
function ofAdmin<T extends OfWebhook>(row: T | undefined): { outcome: "found"; row: T } | Refused {
  if (row === undefined) return { outcome: "unauthenticated" };
  if (row.role === null) return { outcome: "not-found" };
  if (row.role !== "admin") return { outcome: "forbidden" };
  return row.webhookId === null ? { outcome: "no-webhook" } : { outcome: "found", row };
}

/** Reads the last deliveries of a webhook, newest first. */
export async function listDeliveries(
  db: Db,
  credential: Credential,
  values: { envId: number; webhookId: number; limit: number },
  now: number,
): Promise<{ outcome: "found"; caller: string; deliveries: DeliveryRow[] } | Refused> {
  const { results } = await DELIVERIES(db, credential, now, values).all<DeliveryRow & OfWebhook>();
  const found = ofAdmin(results[0]);
  if (found.outcome !== "found") return found;
  return {
    outcome: "found",
    caller: found.row.caller,
    deliveries: results.filter(({ id }) => id !== null),
  };
}

/** What became of a delivery that was to be made or sent again. */
export type DeliveryChanged =
  | { outcome: "changed"; caller: string; delivery: DeliveryRow }
  | Refused
  | { outcome: "no-delivery" | "pending" | "idle" };

const ONE_DELIVERY = callerStatement(
  `select caller.id as caller, m.role as role, w.id as webhookId, (w.paused_at is not null or w.disabled_at is not null) as isIdle,
     ${DELIVERY} ${WEBHOOK_OF_ADMIN} left join webhook_deliveries d on d.webhook_id = w.id and d.id = :deliveryId`,
);

const REDELIVER = callerStatement(
  `update webhook_deliveries set status = 'pending', next_at = :now, first_tried_at = null, attempts = 0, requeued_at = null
   where id = :deliveryId and webhook_id = :webhookId and status <> 'pending' and ${IS_ADMIN} and exists (select 1 from webhooks w
     where w.id = :webhookId and w.env_id = :envId and w.paused_at is null and w.disabled_at is null)`,
);

/** Whom something is sent to on request, when the statement before has put it into the outbox. */
const SENT = {
  ...OF_WEBHOOK,
  rows: `from webhooks w ${IF_CHANGED} and w.id = :webhookId`,
};

const REDELIVER_DEED = callerStatement(
  deedOfCaller({
    ...SENT,
    action: actionSql("webhook.redelivered"),
    details: detailsSql({ event: "d.type", message: "d.message_id", address: "w.address_hint" }),
    rows: `from webhooks w join webhook_deliveries d on d.id = :deliveryId ${IF_CHANGED} and w.id = :webhookId`,
  }),
);

/** Has a delivery sent again that was delivered or given up, under the same id. */
export async function redeliver(
  db: Db,
  credential: Credential,
  values: { envId: number; webhookId: number; deliveryId: number },
  now: number,
): Promise<DeliveryChanged> {
  const steps = [ONE_DELIVERY, REDELIVER, REDELIVER_DEED, ONE_DELIVERY];
  const [before, changes, , after] = (await db.batch(
    steps.map((step) => step(db, credential, now, values)),
  )) as [D1Result<DeliveryRow & OfWebhook & { isIdle: 0 | 1 }>, D1Result, D1Result, D1Result<DeliveryRow>];
  const found = ofAdmin(before.results[0]);
  if (found.outcome !== "found") return found;
  const { row } = found;
  if (row.id === null) return { outcome: "no-delivery" };
  if (changes.meta.changes === 0) return { outcome: row.isIdle === 1 ? "idle" : "pending" };
  return { outcome: "changed", caller: row.caller, delivery: after.results[0] as DeliveryRow };
}

const INSERT_TEST = callerStatement(
  `insert into webhook_deliveries (webhook_id, type, sequence, message_id, time, facts, next_at)
   select w.id, '${TEST_TYPE}', 1, ${NEW_MESSAGE_ID}, :now,
     json_object('version', 1, 'environment', json_object('id', e.id, 'name', e.name)), :now
   from webhooks w join environments e on e.id = w.env_id
   where w.id = :webhookId and w.env_id = :envId and ${IS_ADMIN} and w.paused_at is null and w.disabled_at is null
   returning id`,
);

const TEST_DEED = callerStatement(deedOfCaller({ ...SENT, action: actionSql("webhook.tested") }));

const WEBHOOK_STATE = callerStatement(
  `select caller.id as caller, m.role as role, w.id as webhookId ${WEBHOOK_OF_ADMIN}`,
);

/** Writes a test for a webhook into the outbox. Returns its id. */
export async function insertTest(
  db: Db,
  credential: Credential,
  values: { envId: number; webhookId: number },
  now: number,
): Promise<{ outcome: "changed"; caller: string; id: number } | Refused | { outcome: "idle" }> {
  const [before, made] = (await db.batch(
    [WEBHOOK_STATE, INSERT_TEST, TEST_DEED].map((step) => step(db, credential, now, values)),
  )) as [D1Result<OfWebhook>, D1Result<{ id: number }>];
  const found = ofAdmin(before.results[0]);
  if (found.outcome !== "found") return found;
  const [test] = made.results;
  return test === undefined
    ? { outcome: "idle" }
    : { outcome: "changed", caller: found.row.caller, id: test.id };
}

/** Reads one delivery of a webhook for an admin, as `listDeliveries` does; null when it is gone. */
export async function readDelivery(
  db: Db,
  credential: Credential,
  values: { envId: number; webhookId: number; deliveryId: number },
  now: number,
): Promise<DeliveryRow | null> {
  const row = await ONE_DELIVERY(db, credential, now, values).first<DeliveryRow>();
  return row === null || row.id === null ? null : row;
}
