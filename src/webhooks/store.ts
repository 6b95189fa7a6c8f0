import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, detailsSql, IF_CHANGED } from "../audit/recording.ts";
import { type Credential, callerStatement, type Denied } from "../db/caller.ts";
import type { Role } from "../db/roles.ts";
import type { Db } from "../db/types.ts";
import { adminOutcome, IS_ADMIN } from "../environments/store.ts";
import type { Kind } from "./kinds.ts";
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

/** The webhook `w` of a deed, as the audit trail notes it. */
export const OF_WEBHOOK = {
  envId: "w.env_id",
  subject: { id: "w.id", name: "w.name" },
  details: detailsSql({ kind: "w.kind", address: "w.address_hint", recipient: "w.recipient" }),
};

/** Who is asking, and as what. */
export interface Asking {
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
