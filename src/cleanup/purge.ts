import { actionSql } from "../audit/actions.ts";
import { deedOfService } from "../audit/recording.ts";
import { statement } from "../db/statement.ts";
import { HAS_ENDED } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { allowsPasswords, type Env, positiveNumber } from "../env.ts";
import { eraseDeleted, eraseRetainedMetrics } from "../environments/erasing-sql.ts";
import { describeError, log } from "../lib/log.ts";
import { eraseThese } from "./erasing.ts";
import type { Job, Part } from "./unfinished.ts";

/* Erases what is old and deletes what has expired, in bounded batches: what is left of a kind, the next minutes do. */

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long it is kept what webhooks were told. */
const DELIVERY_DAYS = 30;
/** Rows that one statement deletes, and the most statements that one run makes of each kind. */
const PURGE_BATCH = 500;
const MAX_BATCHES = 20;
/** How long it is known from where somebody has signed in, and how much was recorded in a month. */
const KNOWN_NETWORKS_DAYS = 90;
const RECORDED_BYTES_DAYS = 400;
/** Fewer captures in one run: each takes some six calls, of which a Worker may make a thousand. */
const ERASE_BATCH = 50;
/** And users: of each the database looks through captures and schedules, which have no index by their owner, for its foreign keys. */
const USER_BATCH = 50;

/** Repeats a purge until it finds less than a batch, or has done enough for a run. */
async function inBatches(what: string, purgeBatch: (limit: number) => Promise<number>): Promise<Part> {
  let total = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const purged = await purgeBatch(PURGE_BATCH);
    total += purged;
    if (purged < PURGE_BATCH) return { counts: { [what]: total }, next: null };
  }
  return { counts: { [what]: total }, next: 0 };
}

/** When something is old, by the time and the variables. */
type Before = (env: Env, now: number) => number;

const days =
  (count: number): Before =>
  (_, now) =>
    now - count * DAY_MS;
const daysOf =
  (variable: Parameters<typeof positiveNumber>[1]): Before =>
  (env, now) =>
    now - positiveNumber(env, variable) * DAY_MS;
const expired = days(0);
const deleted = daysOf("DELETED_RETENTION_DAYS");
const proven = daysOf("ERASURE_RECORD_DAYS");

/** Erases what deleted captures have stored, then their rows: if it is cut off in between, the next run finds them again. */
async function purgeCaptures(env: Env, now: number): Promise<Part> {
  const before = deleted(env, now);
  const ids = await erasableCaptures(env.DB, before, ERASE_BATCH);
  if (ids.length === 0) return { counts: { captures: 0 }, next: null };
  await eraseDeleted(env.DB, ids, before, now);
  const failure = await eraseThese(env, ids, now).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  // Those that could be: one that can't must not keep all that were deleted after it.
  const captures = await eraseCaptures(env.DB, ids, before, now);
  if (failure !== null) {
    if (captures === 0) throw failure.error;
    log.error("cleanup.purge.failed", { what: "captures", ...describeError(failure.error) });
  }
  return { counts: { captures }, next: ids.length < ERASE_BATCH ? null : 0 };
}

const ERASABLE = statement(
  `select id from captures where deleted_at < :before and (due_at is null or ${HAS_ENDED})
     and not exists (select 1 from log_leases l where l.capture_id = captures.id and l.abandoned_at is null)
   order by (select x.tried_at from erasures x where x.capture_id = captures.id), deleted_at limit :limit`,
);

/**
 * Finds captures that were deleted before a time, have ended, and whose lease is released or abandoned. Whether their metrics
 * are archived does not matter any more. Those that were not tried come first.
 */
async function erasableCaptures(db: Db, before: number, limit: number): Promise<number[]> {
  const { results } = await ERASABLE(db, { before, limit }).all<{ id: number }>();
  return results.map(({ id }) => id);
}

/** Those of `:ids` that are still deleted, since before `:before`, and of which nothing is stored any more. */
const IS_ERASED = `id in (select value from json_each(:ids)) and deleted_at < :before
  and exists (select 1 from erasures x where x.capture_id = captures.id and x.with_metrics = 1 and x.finished_at is not null)`;

/** Captures last: the others refer to them. */
const ERASE = [
  deedOfService(
    {
      action: actionSql("capture.erased"),
      envId: "captures.env_id",
      subject: { id: "captures.id", name: "captures.name" },
      rows: `from captures where ${IS_ERASED}`,
    },
    "'cleanup'",
  ),
  `delete from log_leases where capture_id in (select id from captures where ${IS_ERASED})`,
  `delete from capture_events where capture_id in (select id from captures where ${IS_ERASED})`,
  `delete from captures where ${IS_ERASED}`,
].map(statement);

/** Erases captures that were deleted before a time, their events, and what was abandoned of their leases from the database. @returns how many */
export async function eraseCaptures(
  db: Db,
  ids: readonly number[],
  before: number,
  now: number,
): Promise<number> {
  const values = { ids: JSON.stringify(ids), before, now };
  const results = await db.batch(ERASE.map((step) => step(db, values)));
  return results.at(-1)?.meta.changes ?? 0;
}

/** The statement that deletes at most `:limit` rows whose time was before `:before`. */
const deleteOld = (table: string, key: string, time: string) =>
  statement(
    `delete from ${table} where ${key} in (select ${key} from ${table} where ${time} < :before limit :limit)`,
  );

/** Whether schedule `s` was deleted before `:before`, and no capture that is kept was made of it. */
const IS_FORGOTTEN = `s.deleted_at < :before
  and not exists (select 1 from captures c where c.schedule_id = s.id and c.deleted_at is null)`;

/** The columns without an index by which users are referred to. */
const USERS = [
  ["device_codes", "decided_by"],
  ["captures", "owner_id"],
  ["schedules", "owner_id"],
  ["webhooks", "recipient"],
  ["erasures", "requested_by"],
  ["schedule_events", "actor"],
  ["capture_events", "actor"],
] as const;

/** What else is purged. */
const PURGES = {
  environments: statement(
    `delete from environments where id in (select e.id from environments e where e.deleted_at < :before
       and not exists (select 1 from captures c where c.env_id = e.id)
       and not exists (select 1 from members m where m.env_id = e.id)
       and not exists (select 1 from webhooks w where w.env_id = e.id)
       and not exists (select 1 from apikey k where k.env_id = e.id)
       and not exists (select 1 from schedules s where s.env_id = e.id) limit :limit)`,
  ),
  // A schedule stays as long as a capture that is kept shows its name; its history goes first.
  scheduleEvents: statement(
    `delete from schedule_events where id in (select v.id from schedule_events v
       join schedules s on s.id = v.schedule_id and ${IS_FORGOTTEN} limit :limit)`,
  ),
  schedules: statement(
    `delete from schedules where id in (select s.id from schedules s
       where ${IS_FORGOTTEN} and not exists (select 1 from schedule_events v where v.schedule_id = s.id) limit :limit)`,
  ),
  // What proves that a capture was erased stays as long as the capture itself is shown.
  erasures: statement(
    `delete from erasures where capture_id in (select x.capture_id from erasures x where x.finished_at < :before
       and not exists (select 1 from captures c where c.id = x.capture_id) limit :limit)`,
  ),
  // Deleted accounts that nothing shows any more as an owner or in a history, each list of which is read once. What asks for most is
  // last. The audit trail is not asked: it says "Deleted user" of who has no row.
  users: statement(
    `delete from user where id in (select u.id from user u where u.deleted_at < :before
       ${["session", "account", "members", "email_links", "idempotency_keys", "pending_external_ids"]
         .map((table) => `and not exists (select 1 from ${table} r where r.user_id = u.id)`)
         .join(" ")}
       and not exists (select 1 from apikey k where k.reference_id = u.id)
       ${USERS.map(([table, column]) => `and u.id not in (select ${column} from ${table} where ${column} is not null)`).join(" ")}
       limit :limit)`,
  ),
  deletedEnvironments: deleteOld("deleted_environments", "env_id", "erased_at"),
  sessions: deleteOld("session", "id", "expires_at"),
  passwordSessions: statement(
    `delete from session where id in (
       select id from session where signed_in_by = 'password' and created_at < :before limit :limit)`,
  ),
  keys: deleteOld("apikey", "id", "expires_at"),
  invites: deleteOld("invites", "code_hash", "expires_at"),
  deviceCodes: deleteOld("device_codes", "device_hash", "expires_at"),
  emailLinks: deleteOld("email_links", "token_hash", "expires_at"),
  externalIds: deleteOld("pending_external_ids", "user_id", "expires_at"),
  idempotencyKeys: deleteOld("idempotency_keys", "rowid", "expires_at"),
  verifications: deleteOld("verification", "id", "expires_at"),
  calendarFeeds: statement(
    `delete from calendar_feeds where user_id in (select f.user_id from calendar_feeds f
       where f.created_at < :before and not exists (select 1 from user u where u.id = f.user_id and u.deleted_at is null) limit :limit)`,
  ),
  rateLimits: deleteOld("rate_limit", "id", "last_request"),
  // Rows come in the order of time, give or take two clocks: no index, which each row would pay for, has to find the oldest.
  auditEvents: statement(
    `delete from audit_events where time < :before
       and id in (select id from audit_events order by id limit :limit)`,
  ),
  knownNetworks: deleteOld("known_networks", "rowid", "seen_at"),
  recordedBytes: deleteOld("recorded_bytes", "rowid", "month"),
  // Those of a capture that has not ended stay: its next event counts on from them.
  webhookDeliveries: statement(
    `delete from webhook_deliveries where id in (select d.id from webhook_deliveries d left join captures c on c.id = d.capture_id
       where d.time < :before and (c.id is null or c.${HAS_ENDED}) limit :limit)`,
  ),
};

/** Something that is purged once its time has passed. */
type Purgeable = keyof typeof PURGES;

/** Purges at most `limit` rows whose time was before `before`. Returns how many. */
export async function purge(db: Db, what: Purgeable, before: number, limit: number): Promise<number> {
  const { meta } = await PURGES[what](db, { before, limit }).run();
  return meta.changes;
}

const old =
  (what: Purgeable, before: Before): Job =>
  (env, now) => {
    const time = before(env, now);
    return inBatches(what, (limit) => purge(env.DB, what, time, limit));
  };

/** The jobs that purge, each a kind, in their order. */
export const PURGE_JOBS = {
  sessions: old("sessions", expired),
  // Nobody's where people sign in by a provider only.
  passwordSessions: async (env, now, after) =>
    allowsPasswords(env)
      ? { counts: { passwordSessions: 0 }, next: null }
      : old("passwordSessions", expired)(env, now, after),
  keys: old("keys", expired),
  invites: old("invites", expired),
  deviceCodes: old("deviceCodes", expired),
  emailLinks: old("emailLinks", expired),
  externalIds: old("externalIds", expired),
  idempotencyKeys: old("idempotencyKeys", expired),
  verifications: old("verifications", expired),
  calendarFeeds: old("calendarFeeds", expired),
  rateLimits: old("rateLimits", days(1)),
  knownNetworks: old("knownNetworks", days(KNOWN_NETWORKS_DAYS)),
  recordedBytes: old("recordedBytes", days(RECORDED_BYTES_DAYS)),
  webhookDeliveries: old("webhookDeliveries", days(DELIVERY_DAYS)),
  retainedMetrics: ({ DB }, now) =>
    inBatches("retainedMetrics", (limit) => eraseRetainedMetrics(DB, now, limit)),
  // These may take many calls; environments come after all that refers to them.
  captures: purgeCaptures,
  scheduleEvents: old("scheduleEvents", deleted),
  schedules: old("schedules", deleted),
  environments: old("environments", deleted),
  auditEvents: old("auditEvents", daysOf("AUDIT_RETENTION_DAYS")),
  erasures: old("erasures", proven),
  deletedEnvironments: old("deletedEnvironments", proven),
  // After all that may refer to them.
  users: async (env, now) => {
    const users = await purge(env.DB, "users", deleted(env, now), USER_BATCH);
    return { counts: { users }, next: users < USER_BATCH ? null : 0 };
  },
} satisfies Record<Purgeable | "retainedMetrics" | "captures", Job>;
