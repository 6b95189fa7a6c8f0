import { actionSql } from "../audit/actions.ts";
import { deedOfService, detailsSql } from "../audit/recording.ts";
import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import { SEAL_KEYS } from "../environments/seal-keys.ts";
import { TEST_TYPE } from "./events.ts";
import type { Kind } from "./kinds.ts";
import { noticeSql } from "./notice-store.ts";
import type { QueueMessage } from "./outbox.ts";
import type { WebhookPayload } from "./replies.ts";

/*
 * The D1 statements of deliveries. Whoever tries one has claimed it: `next_at` is when the claim ends, so that another may take it
 * after a crash, and `claim` says whose it is. A later event of a capture is not claimed before the earlier ones are delivered or
 * dead.
 */

/** How long a claim lasts: longer than an attempt takes. */
const CLAIM_MS = 2 * 60_000;
/** Clocks of two machines differ: a message that comes so much too early is not lost for a minute. */
const EARLY_MS = 2000;
/** How many deliveries one message claims: one of a capture for each webhook. */
const MAX_CLAIMED = 40;

/** A delivery that was claimed, with its webhook. */
export interface ClaimedDelivery {
  id: number;
  webhookId: number;
  envId: number;
  kind: Kind;
  captureId: number | null;
  type: WebhookPayload["type"];
  sequence: number;
  messageId: string;
  time: number;
  facts: string;
  attempts: number;
  firstTriedAt: number;
  tried: string | null;
  target: string | null;
  origin: string;
  failingSince: number | null;
  /** The recipient's address, if they are still a member and it is verified. */
  email: string | null;
  claim: string;
  /** Whether the capture of new statements is sealed, and the keys of its environment; null for other events. */
  sealed: 0 | 1 | null;
  sealKeys: string | null;
}

/** Whether delivery `d` of webhook `w` may be tried: it is the capture's next, and nobody has paused its webhook. */
export const IS_NEXT = `d.status = 'pending' and w.paused_at is null and w.disabled_at is null
  and not exists (select 1 from webhook_deliveries o where o.webhook_id = d.webhook_id and o.capture_id = d.capture_id
    and o.status = 'pending' and o.id < d.id)`;

const CLAIM = [
  `update webhook_deliveries set claim = :claim, attempts = attempts + 1, next_at = :until,
     first_tried_at = coalesce(first_tried_at, :now)
   where id in (select d.id from webhook_deliveries d join webhooks w on w.id = d.webhook_id
     where (d.id = :deliveryId or d.capture_id = :captureId) and d.next_at <= :latest and ${IS_NEXT} limit ${MAX_CLAIMED})`,
  `select d.id as id, w.id as webhookId, w.env_id as envId, w.kind as kind, d.capture_id as captureId, d.type as type,
     d.sequence as sequence, d.message_id as messageId, d.time as time, d.facts as facts, d.attempts as attempts,
     d.first_tried_at as firstTriedAt, d.tried as tried, w.target as target, w.origin as origin,
     w.failing_since as failingSince, u.email as email, d.claim as claim, ${SEAL_KEYS}
   from webhook_deliveries d join webhooks w on w.id = d.webhook_id
     left join members m on m.user_id = w.recipient and m.env_id = w.env_id
     left join user u on u.id = m.user_id and u.email_verified = 1
     left join captures c on c.id = d.capture_id and d.type = 'statement.new'
   where (d.id = :deliveryId or d.capture_id = :captureId) and d.claim = :claim`,
].map(statement);

/** Claims what a message is about: those deliveries that may be tried now. */
export async function claimDeliveries(
  db: Db,
  message: QueueMessage,
  now: number,
): Promise<ClaimedDelivery[]> {
  const values = {
    deliveryId: null,
    captureId: null,
    ...message,
    claim: crypto.randomUUID(),
    now,
    latest: now + EARLY_MS,
    until: now + CLAIM_MS,
  };
  const [, claimed] = (await db.batch(CLAIM.map((step) => step(db, values)))) as [
    D1Result,
    D1Result<ClaimedDelivery>,
  ];
  return claimed.results;
}

/** What became of an attempt, and of its delivery. */
export interface Outcome {
  status: "pending" | "delivered" | "dead";
  /** When it is tried next; null when it is not. */
  nextAt: number | null;
  tried: string;
  /** Why the webhook is switched off; null when it is not. */
  disabledReason: string | null;
}

const IS_MINE = "id = :id and claim = :claim";

/** A row if another event of the capture waits for the webhook. */
const HAS_MORE = `select 1 from webhook_deliveries where webhook_id = :webhookId and capture_id = :captureId and status = 'pending'
  limit 1`;

/** The webhook that an attempt switches off, before it has. Another attempt may have done so. */
const DISABLED = `webhooks w where w.id = :webhookId and w.disabled_at is null and :disabledReason is not null
  and exists (select 1 from webhook_deliveries where ${IS_MINE})`;

const FINISH = [
  // These three before the delivery has lost its claim.
  deedOfService(
    {
      action: actionSql("webhook.disabled"),
      envId: "w.env_id",
      subject: { id: "w.id", name: "w.name" },
      details: detailsSql({ reason: ":disabledReason", address: "w.address_hint" }),
      rows: `from ${DISABLED}`,
    },
    "'webhooks'",
  ),
  noticeSql(DISABLED),
  `update webhooks set failing_since = iif(:status = 'delivered', null, coalesce(failing_since, :now)),
     disabled_reason = iif(disabled_at is null, coalesce(:disabledReason, disabled_reason), disabled_reason),
     disabled_at = iif(:disabledReason is null, disabled_at, coalesce(disabled_at, :now))
   where id = :webhookId and :type <> '${TEST_TYPE}' and exists (select 1 from webhook_deliveries where ${IS_MINE})`,
  `update webhook_deliveries set status = :status, next_at = :nextAt, tried = :tried, claim = null where ${IS_MINE}`,
  // What waits for a webhook that is switched off would be stale when it is switched on again.
  `update webhook_deliveries set status = 'dead', next_at = null
   where webhook_id = :webhookId and status = 'pending' and :disabledReason is not null
     and exists (select 1 from webhooks where id = :webhookId and disabled_at is not null)`,
  HAS_MORE,
].map(statement);

/**
 * Notes what came of an attempt, if the claim still holds.
 * @param tells whether admins are mailed to when it switches the webhook off
 * @returns whether another event of the capture waits for this webhook
 */
export async function finishAttempt(
  db: Db,
  { id, webhookId, captureId, type, claim }: ClaimedDelivery,
  outcome: Outcome,
  now: number,
  tells: boolean,
): Promise<boolean> {
  const values = { id, webhookId, captureId, type, claim, ...outcome, now, tells: Number(tells) };
  const results = await db.batch(FINISH.map((step) => step(db, values)));
  return results.at(-1)?.results.length === 1;
}

/** Not of a capture that was erased meanwhile: what is known of its statements would stay. */
const KEEP_FACTS = statement(
  `update webhook_deliveries set facts = :facts where ${IS_MINE}
     and exists (select 1 from captures c where c.id = webhook_deliveries.capture_id and c.workload_erased_at is null)`,
);

/** Keeps what was found out for a delivery, so that each attempt tells the same. */
export async function keepFacts(db: Db, { id, claim }: ClaimedDelivery, facts: string): Promise<void> {
  await KEEP_FACTS(db, { id, claim, facts }).run();
}

const FORGET = statement(
  `update webhook_deliveries set facts = json_remove(facts, '$.more.statements', '$.more.sealedStatements')
   where capture_id = :captureId and type = 'statement.new'`,
);

/** The change that forgets what deliveries know of a capture's statements, for when its workload is erased. Sent again, they tell nothing. */
export const forgettingStatements = (db: Db, captureId: number): D1PreparedStatement =>
  FORGET(db, { captureId });

const DROP = [`delete from webhook_deliveries where ${IS_MINE}`, HAS_MORE].map(statement);

/** Deletes a delivery that has nothing to tell. Returns as `finishAttempt`. */
export async function dropDelivery(
  db: Db,
  { id, webhookId, captureId, claim }: ClaimedDelivery,
): Promise<boolean> {
  const values = { id, webhookId, captureId, claim };
  const results = await db.batch(DROP.map((step) => step(db, values)));
  return results.at(-1)?.results.length === 1;
}

const RELEASE = statement(
  `update webhook_deliveries set claim = null, attempts = attempts - 1, next_at = :nextAt where ${IS_MINE}`,
);

/** Gives a claim back without an attempt: this service has failed, and not the receiver. */
export async function releaseClaim(db: Db, { id, claim }: ClaimedDelivery, nextAt: number): Promise<void> {
  await RELEASE(db, { id, claim, nextAt }).run();
}

/** Cron leaves a delivery that is due to the queue for so long, and sends another message only so often. */
const LATE_MS = 30_000;
const REQUEUE_MS = 10 * 60_000;

const REQUEUE = statement(
  `update webhook_deliveries set requeued_at = :now where id in (
     select d.id from webhook_deliveries d join webhooks w on w.id = d.webhook_id
     where d.next_at <= :late and (d.requeued_at is null or d.requeued_at < :before) and ${IS_NEXT}
     order by d.next_at limit :limit) returning id`,
);

/** Finds deliveries that are late: the message to the queue was lost, or who had claimed one is gone. Returns their ids. */
export async function lateDeliveries(db: Db, now: number, limit: number): Promise<number[]> {
  const values = { now, late: now - LATE_MS, before: now - REQUEUE_MS, limit };
  const { results } = await REQUEUE(db, values).all<{ id: number }>();
  return results.map(({ id }) => id);
}
