import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, detailsSql, IF_CHANGED } from "../audit/recording.ts";
import { type Credential, callerStatement, type Denied } from "../db/caller.ts";
import type { Role } from "../db/roles.ts";
import type { Db } from "../db/types.ts";
import { adminOutcome, IS_ADMIN } from "../environments/store.ts";
import type { ClaimedDelivery } from "./delivery-store.ts";
import { TEST_TYPE } from "./events.ts";
import type { Kind } from "./kinds.ts";
import { NEW_MESSAGE_ID } from "./outbox.ts";
import { MAX_WEBHOOKS } from "./schema.ts";

/*
 * The D1 statements of webhooks. A read is one statement that authenticates, authorises and reads; a change is one batch of what was
 * there, the change with its permission, and what is there then. Admins see all webhooks of an environment; other members those that
 * send e-mails to them, which they may delete.
 */

/** A webhook as the database has it, times in milliseconds. */
export interface WebhookRow {
  id: number;
  envId: number;
  kind: Kind;
  name: string;
  events: string;
  target: string | null;
  addressHint: string | null;
  recipient: string | null;
  recipientName: string | null;
  createdAt: number;
  updatedAt: number;
  pausedAt: number | null;
  failingSince: number | null;
  disabledAt: number | null;
  disabledReason: string | null;
}

const COLUMNS = `w.id as id, w.env_id as envId, w.kind as kind, w.name as name, w.events as events, w.target as target,
  w.address_hint as addressHint, w.recipient as recipient, r.name as recipientName, w.created_at as createdAt,
  w.updated_at as updatedAt, w.paused_at as pausedAt, w.failing_since as failingSince, w.disabled_at as disabledAt,
  w.disabled_reason as disabledReason`;

/** The caller, their role in environment `:envId`, and the webhooks of it that they may see. */
const WEBHOOKS_OF_CALLER = `from caller left join members m on m.user_id = caller.id and m.env_id = :envId
  left join webhooks w on w.env_id = m.env_id and (m.role = 'admin' or w.recipient = caller.id)`;
const RECIPIENT = "left join user r on r.id = w.recipient";

/** The webhook of a change, as the audit trail notes it. */
const OF_WEBHOOK = {
  envId: "w.env_id",
  subject: { id: "w.id", name: "w.name" },
  details: detailsSql({ kind: "w.kind", address: "w.address_hint", recipient: "w.recipient" }),
};

/** Who is asking, and as what. */
interface Asking {
  caller: string;
  role: Role | null;
}

/** Why something was not done. */
export type Refused = { outcome: Denied | "no-webhook" };

const ALL = callerStatement(
  `select caller.id as caller, m.role as role, ${COLUMNS} ${WEBHOOKS_OF_CALLER} ${RECIPIENT} order by w.id`,
);

/** Reads the webhooks of an environment that the caller may see, oldest first. */
export async function listWebhooks(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
): Promise<{ outcome: "found"; caller: string; webhooks: WebhookRow[] } | Refused> {
  const { results } = await ALL(db, credential, now, { envId }).all<WebhookRow & Asking>();
  const [first] = results;
  if (first === undefined) return { outcome: "unauthenticated" };
  if (first.role === null) return { outcome: "not-found" };
  return { outcome: "found", caller: first.caller, webhooks: results.filter(({ id }) => id !== null) };
}

const ONE = callerStatement(
  `select caller.id as caller, m.role as role, ${COLUMNS} ${WEBHOOKS_OF_CALLER} and w.id = :webhookId ${RECIPIENT}`,
);

/** Reads a webhook that the caller may see. */
export async function readWebhook(
  db: Db,
  credential: Credential,
  envId: number,
  webhookId: number,
  now: number,
): Promise<{ outcome: "found"; caller: string; role: Role; webhook: WebhookRow } | Refused> {
  const row = await ONE(db, credential, now, { envId, webhookId }).first<WebhookRow & Asking>();
  return seen(row);
}

function seen(
  row: (WebhookRow & Asking) | null | undefined,
): { outcome: "found"; caller: string; role: Role; webhook: WebhookRow } | Refused {
  if (row == null) return { outcome: "unauthenticated" };
  if (row.role === null) return { outcome: "not-found" };
  if (row.id === null) return { outcome: row.role === "admin" ? "no-webhook" : "forbidden" };
  return { outcome: "found", caller: row.caller, role: row.role, webhook: row };
}

/** A webhook to be made. */
export type NewWebhook = Pick<
  WebhookRow,
  "kind" | "name" | "events" | "target" | "addressHint" | "recipient"
> & {
  origin: string;
};

/** Whether `:recipient` is a member who has a verified address; there is none but for e-mail. */
const IS_REACHABLE = `(:recipient is null or exists (select 1 from members o join user u on u.id = o.user_id
  where o.env_id = :envId and o.user_id = :recipient and u.email_verified = 1))`;

const BEFORE_CREATION = callerStatement(
  `select caller.id as caller, m.role as role, ${IS_REACHABLE} as isReachable
   from caller left join members m on m.user_id = caller.id and m.env_id = :envId`,
);

const INSERT = callerStatement(
  `insert into webhooks (env_id, kind, name, events, target, address_hint, recipient, origin, created_at, updated_at)
   select :envId, :kind, :name, :events, :target, :addressHint, :recipient, :origin, :now, :now
   where ${IS_ADMIN} and ${IS_REACHABLE} and (select count(*) from webhooks where env_id = :envId) < ${MAX_WEBHOOKS}`,
);

const INSERT_DEED = callerStatement(
  deedOfCaller({
    ...OF_WEBHOOK,
    action: actionSql("webhook.created"),
    rows: `from webhooks w ${IF_CHANGED} and w.id = last_insert_rowid()`,
  }),
);

const NEWEST = callerStatement(
  `select caller.id as caller, m.role as role, ${COLUMNS} ${WEBHOOKS_OF_CALLER} ${RECIPIENT} order by w.id desc limit 1`,
);

/** Makes a webhook; an environment has a limited number, and an e-mail needs a member with a verified address. */
export async function createWebhook(
  db: Db,
  credential: Credential,
  envId: number,
  webhook: NewWebhook,
  now: number,
): Promise<
  | { outcome: "changed"; caller: string; webhook: WebhookRow }
  | { outcome: Denied | "unreachable" | "too-many" }
> {
  const values = { ...webhook, envId };
  const [before, made, , after] = (await db.batch(
    [BEFORE_CREATION, INSERT, INSERT_DEED, NEWEST].map((step) => step(db, credential, now, values)),
  )) as [D1Result<{ isReachable: 0 | 1 }>, D1Result, D1Result, D1Result<WebhookRow & Asking>];
  const outcome = adminOutcome(before, made);
  if (outcome === "refused")
    return { outcome: before.results[0]?.isReachable === 1 ? "too-many" : "unreachable" };
  if (outcome !== "changed") return { outcome };
  const row = after.results[0] as WebhookRow & Asking;
  return { outcome, caller: row.caller, webhook: row };
}

/** What to change of a webhook: null for what stays. */
export interface WebhookUpdate {
  name: string | null;
  events: string | null;
  /** The new target, and the sealed one that it was made of, so that of two changes at once none is lost. */
  target: { sealed: string; before: string; addressHint: string } | null;
  /** Whether that is for another secret, at the same address. */
  rotates?: boolean;
  isPaused: boolean | null;
}

const IS_TARGET = `id = :webhookId and env_id = :envId and ${IS_ADMIN} and (:targetBefore is null or target = :targetBefore)`;

/** The names of what a change makes different of webhook `w`, in JSON. */
const CHANGED_FIELDS = `(select json_group_array(f.name) from (
    select 'name' as name where coalesce(:name, w.name) <> w.name
    union all select 'events' where coalesce(:events, w.events) <> w.events
    union all select iif(:rotates, 'secret', 'address') where :target is not null
    union all select 'paused' where coalesce(:isPaused, w.paused_at is not null) <> (w.paused_at is not null)
      or :isPaused is 0 and w.disabled_at is not null) f)`;

const UPDATE = [
  deedOfCaller({
    ...OF_WEBHOOK,
    action: actionSql("webhook.changed"),
    subject: { id: "w.id", name: "coalesce(:name, w.name)" },
    details: detailsSql({
      fields: "json(w.fields)",
      address: "iif(:rotates, null, :addressHint)",
      events: "json(:events)",
    }),
    rows: `from (select w.*, ${CHANGED_FIELDS} as fields from webhooks w where ${IS_TARGET}) w where w.fields <> '[]'`,
  }),
  // One that is resumed, or has another address, begins anew.
  `update webhooks set name = coalesce(:name, name), events = coalesce(:events, events), target = coalesce(:target, target),
     address_hint = coalesce(:addressHint, address_hint),
     paused_at = case :isPaused when 1 then coalesce(paused_at, :now) when 0 then null else paused_at end,
     failing_since = iif(:isPaused is 0 or :begins, null, failing_since),
     disabled_at = iif(:isPaused is 0, null, disabled_at), disabled_reason = iif(:isPaused is 0, null, disabled_reason),
     updated_at = :now where ${IS_TARGET}`,
].map(callerStatement);

/** Changes a webhook; a conflict when its target has changed since it was read. */
export async function updateWebhook(
  db: Db,
  credential: Credential,
  { envId, webhookId }: { envId: number; webhookId: number },
  { name, events, target, isPaused, rotates = false }: WebhookUpdate,
  now: number,
): Promise<{ outcome: "changed"; caller: string; webhook: WebhookRow } | Refused | { outcome: "conflict" }> {
  const values = {
    ...{ envId, webhookId, name, events },
    isPaused: isPaused === null ? null : Number(isPaused),
    target: target?.sealed ?? null,
    targetBefore: target?.before ?? null,
    addressHint: target?.addressHint ?? null,
    begins: Number(target !== null),
    rotates: Number(rotates),
  };
  const steps = [...UPDATE, ONE];
  const [, changes, after] = (await db.batch(steps.map((step) => step(db, credential, now, values)))) as [
    D1Result,
    D1Result,
    D1Result<WebhookRow & Asking>,
  ];
  const found = seen(after.results[0]);
  if (found.outcome !== "found") return found;
  if (found.role !== "admin") return { outcome: "forbidden" };
  if (changes.meta.changes === 0) return { outcome: "conflict" };
  return { outcome: "changed", caller: found.caller, webhook: found.webhook };
}

const MAY_DELETE = `exists (select 1 from caller join members m on m.user_id = caller.id
  join webhooks w on w.id = :webhookId and w.env_id = m.env_id
  where m.env_id = :envId and (m.role = 'admin' or w.recipient = caller.id))`;

const DELETE = [
  deedOfCaller({
    ...OF_WEBHOOK,
    action: actionSql("webhook.deleted"),
    rows: `from webhooks w where w.id = :webhookId and ${MAY_DELETE}`,
  }),
  `delete from webhook_deliveries where webhook_id = :webhookId and ${MAY_DELETE}`,
  `delete from webhooks where id = :webhookId and ${MAY_DELETE}`,
].map(callerStatement);

/** Deletes a webhook with its deliveries, for an admin, or for who gets its e-mails. */
export async function deleteWebhook(
  db: Db,
  credential: Credential,
  envId: number,
  webhookId: number,
  now: number,
): Promise<{ outcome: "found"; caller: string; webhook: WebhookRow } | Refused> {
  const values = { envId, webhookId };
  const [before] = (await db.batch([ONE, ...DELETE].map((step) => step(db, credential, now, values)))) as [
    D1Result<WebhookRow & Asking>,
  ];
  return seen(before.results[0]);
}

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

/** Has a delivery sent again that was delivered or given up, under the same id. */
export async function redeliver(
  db: Db,
  credential: Credential,
  values: { envId: number; webhookId: number; deliveryId: number },
  now: number,
): Promise<DeliveryChanged> {
  const [before, changes, after] = (await db.batch(
    [ONE_DELIVERY, REDELIVER, ONE_DELIVERY].map((step) => step(db, credential, now, values)),
  )) as [D1Result<DeliveryRow & OfWebhook & { isIdle: 0 | 1 }>, D1Result, D1Result<DeliveryRow>];
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
    [WEBHOOK_STATE, INSERT_TEST].map((step) => step(db, credential, now, values)),
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
