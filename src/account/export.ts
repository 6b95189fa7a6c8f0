import type * as z from "zod";
import { readLabels } from "../captures/labels.ts";
import { type Credential, callerStatement } from "../db/caller.ts";
import type { KeyScope } from "../db/key-scopes.ts";
import type { Role } from "../db/roles.ts";
import type { Status } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { isoTime } from "../lib/values.ts";
import type { accountExportSchema } from "./replies.ts";

/** The version of the export's shape. */
const VERSION = 1;
/** The most captures, and schedules, that are listed, newest first. */
const MAX_LISTED = 10_000;

interface UserRow {
  id: string;
  name: string;
  email: string;
  emailVerified: 0 | 1;
  createdAt: number;
  updatedAt: number;
  captureCount: number;
  scheduleCount: number;
}

/** What is owned in environments that one still belongs to: of others nobody is told anything. */
const owned = (table: "captures" | "schedules", row: string) =>
  `${table} ${row} where ${row}.owner_id = caller.id and ${row}.deleted_at is null
     and exists (select 1 from members m where m.user_id = caller.id and m.env_id = ${row}.env_id)`;

const USER = callerStatement(
  `select u.id, u.name, u.email, u.email_verified as emailVerified, u.created_at as createdAt, u.updated_at as updatedAt,
     (select count(*) from ${owned("captures", "c")}) as captureCount,
     (select count(*) from ${owned("schedules", "s")}) as scheduleCount
   from caller join user u on u.id = caller.id`,
);
const SIGN_INS = callerStatement(
  `select a.provider_id as provider, a.created_at as createdAt from caller join account a on a.user_id = caller.id
   order by a.created_at`,
);
const MEMBERSHIPS = callerStatement(
  `select e.id, e.name, e.region, e.instance, m.role, m.created_at as joinedAt
   from caller join members m on m.user_id = caller.id join environments e on e.id = m.env_id order by e.id`,
);
const KEYS = callerStatement(
  `select k.id, k.name, k.start, k.scope, k.env_id as envId, k.enabled, k.created_at as createdAt,
     k.last_request as lastUsedAt, k.expires_at as expiresAt
   from caller join apikey k on k.reference_id = caller.id order by k.created_at, k.id`,
);
const SESSIONS = callerStatement(
  `select s.created_at as createdAt, s.updated_at as lastSeenAt, s.expires_at as expiresAt, s.ip_address as address,
     s.user_agent as userAgent, s.signed_in_by as signedInBy, s.token = :credential as isThis
   from caller join session s on s.user_id = caller.id order by s.created_at`,
);
const CAPTURES = callerStatement(
  `select c.id, c.name, c.env_id as envId, c.status, c.labels, c.notes, c.created_at as createdAt, c.started_at as startedAt,
     c.ended_at as endedAt
   from caller join ${owned("captures", "c")} order by c.id desc limit ${MAX_LISTED}`,
);
const SCHEDULES = callerStatement(
  `select s.id, s.name, s.env_id as envId, s.created_at as createdAt
   from caller join ${owned("schedules", "s")} order by s.id desc limit ${MAX_LISTED}`,
);
const CALENDAR = callerStatement(
  "select f.created_at as createdAt from caller join calendar_feeds f on f.user_id = caller.id",
);
const NETWORKS = callerStatement(
  `select n.network, n.seen_at as seenAt from caller join known_networks n on n.user_id = caller.id order by n.seen_at desc, n.network`,
);
/** Of environments that one has left none: they send no mail then. */
const WEBHOOKS = callerStatement(
  `select w.id, w.name, w.env_id as envId, w.created_at as createdAt
   from caller join members m on m.user_id = caller.id join webhooks w on w.env_id = m.env_id and w.recipient = caller.id order by w.id`,
);

interface KeyRow {
  id: string;
  name: string | null;
  start: string;
  scope: KeyScope;
  envId: number | null;
  enabled: 0 | 1;
  createdAt: number;
  lastUsedAt: number | null;
  expiresAt: number | null;
}

interface SessionRow {
  createdAt: number;
  lastSeenAt: number;
  expiresAt: number;
  address: string | null;
  userAgent: string | null;
  signedInBy: "password" | "sso";
  isThis: 0 | 1;
}

interface CaptureRow {
  id: number;
  name: string;
  envId: number;
  status: Status;
  labels: string;
  notes: string | null;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
}

const READS = [
  USER,
  SIGN_INS,
  MEMBERSHIPS,
  KEYS,
  SESSIONS,
  CAPTURES,
  SCHEDULES,
  CALENDAR,
  NETWORKS,
  WEBHOOKS,
];

/** What the service has of somebody, in one round trip; null when nobody is signed in. Without secrets: hashes, tokens and keys. */
export async function readExport(
  db: Db,
  session: Credential,
  now: number,
): Promise<z.output<typeof accountExportSchema> | null> {
  const [users, signIns, memberships, keys, sessions, captures, schedules, calendars, networks, webhooks] =
    (await db.batch(READS.map((read) => read(db, session, now)))) as [
      D1Result<UserRow>,
      D1Result<{ provider: string; createdAt: number }>,
      D1Result<{ id: number; name: string; region: string; instance: string; role: Role; joinedAt: number }>,
      D1Result<KeyRow>,
      D1Result<SessionRow>,
      D1Result<CaptureRow>,
      D1Result<{ id: number; name: string; envId: number; createdAt: number }>,
      D1Result<{ createdAt: number }>,
      D1Result<{ network: string; seenAt: number }>,
      D1Result<{ id: number; name: string; envId: number; createdAt: number }>,
    ];
  const [user] = users.results;
  if (user === undefined) return null;
  const { captureCount, scheduleCount, emailVerified, ...account } = user;
  return {
    version: VERSION,
    exportedAt: isoTime(now),
    account: {
      ...account,
      emailVerified: emailVerified === 1,
      createdAt: isoTime(account.createdAt),
      updatedAt: isoTime(account.updatedAt),
      signIns: signIns.results.map((one) => ({ ...one, createdAt: isoTime(one.createdAt) })),
    },
    environments: memberships.results.map((one) => ({ ...one, joinedAt: isoTime(one.joinedAt) })),
    apiKeys: keys.results.map((key) => ({
      ...key,
      enabled: key.enabled === 1,
      createdAt: isoTime(key.createdAt),
      lastUsedAt: isoTime(key.lastUsedAt),
      expiresAt: isoTime(key.expiresAt),
    })),
    sessions: sessions.results.map(({ isThis, ...one }) => ({
      ...one,
      createdAt: isoTime(one.createdAt),
      lastSeenAt: isoTime(one.lastSeenAt),
      expiresAt: isoTime(one.expiresAt),
      isThis: isThis === 1,
    })),
    captureCount,
    captures: captures.results.map((one) => ({
      ...one,
      labels: readLabels(one.labels),
      createdAt: isoTime(one.createdAt),
      startedAt: isoTime(one.startedAt),
      endedAt: isoTime(one.endedAt),
    })),
    scheduleCount,
    schedules: schedules.results.map((one) => ({ ...one, createdAt: isoTime(one.createdAt) })),
    calendar: calendars.results.map(({ createdAt }) => ({ createdAt: isoTime(createdAt) }))[0] ?? null,
    knownNetworks: networks.results.map(({ network, seenAt }) => ({ network, seenAt: isoTime(seenAt) })),
    webhooks: webhooks.results.map((one) => ({ ...one, createdAt: isoTime(one.createdAt) })),
  };
}
