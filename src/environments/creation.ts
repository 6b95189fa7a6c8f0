import * as z from "zod";
import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, detailsSql } from "../audit/recording.ts";
import { type Credential, callerStatement } from "../db/caller.ts";
import {
  IS_REMEMBERED,
  type KeyedRequest,
  keyedRequest,
  keyValues,
  rememberingStatement,
} from "../db/idempotency.ts";
import { ROLES } from "../db/roles.ts";
import type { Db } from "../db/types.ts";
import { lazy } from "../lib/lazy.ts";
import { storedFormat } from "../lib/stored.ts";
import { consuming, IS_PENDING } from "./external-ids.ts";
import type { EnvironmentRequest } from "./schema.ts";
import type { NewEnvironment } from "./store.ts";

/*
 * How an environment is made: an id is reserved, to which its credentials are then sealed, and the environment is completed. A
 * request that is cut off in between leaves a reservation, which nobody can see and which cron erases. With an
 * Idempotency-Key, only what was completed is remembered.
 */

/** An environment as it is shown to who made it. */
const madeSchema = lazy(() =>
  z.object({
    id: z.number(),
    name: z.string(),
    region: z.string(),
    instance: z.string(),
    engine: z.string(),
    engineVersion: z.string(),
    parameterGroup: z.string(),
    // Of what was made before it was kept, nobody knows.
    cluster: z.string().nullable().default(null),
    // Nor what was found of it.
    isReady: z.union([z.literal(0), z.literal(1)]).default(1),
    checks: z.string().nullable().default(null),
    checkedAt: z.number().nullable().default(null),
    credentialsHint: z.string(),
    // Absent in answers from before the service made external ids.
    externalId: z.string().nullable().default(null),
    createdAt: z.number(),
    // Nor had it retention.
    retentionDays: z.number().nullable().default(null),
    retainsMetrics: z.union([z.literal(0), z.literal(1)]).default(1),
    sealed: z.union([z.literal(0), z.literal(1)]).default(0),
    role: z.enum(ROLES),
  }),
);
/** What of an environment is shown. */
export type Made = z.output<ReturnType<typeof madeSchema>>;

/** How the answer to the key of a request for an environment is stored. */
const answerFormat = storedFormat("answer to an Idempotency-Key", 1, () =>
  z.object({ environment: madeSchema() }),
);

/** What became of a request for an environment, or of an earlier one with the same key. */
export type Created =
  | { outcome: "created"; caller: string; environment: Made }
  /** The same was asked for with the same key before: `environment` is as it was made, but for the caller's role. */
  | { outcome: "replayed"; caller: string; environment: Made }
  /**
   * "gone": it was made with the key, and the caller is no member of it any more; "id-used": its external id is not pending for the
   * caller any more; "too-many": the caller is an admin of as many as one may be.
   */
  | { outcome: "unauthenticated" | "gone" | "key-reused" | "id-used" | "too-many" };

/** A request that was not answered before, and the external id that is pending for its caller; null when none is. */
export interface Unanswered {
  outcome: "new";
  pendingId: string | null;
}

/**
 * A request and its key. Secrets are left out of its fingerprint, so that nothing of them is stored, not even a hash: with the same
 * access key or role it is the same request. Without `allowNotReady`, `retention` and `sealed` the fingerprint is that of before they were part of it.
 */
export const keyedEnvironment = (key: string, request: EnvironmentRequest): Promise<KeyedRequest> => {
  const { name, region, instance, credentials, allowNotReady, retention, sealed } = request;
  const identity = "roleArn" in credentials ? credentials.roleArn : credentials.accessKeyId;
  return keyedRequest(key, {
    environment: { name, region, instance, identity, allowNotReady, retention, sealed },
  });
};

/** Who is asking, and what the key was answered. */
interface Before {
  caller: string;
  fingerprint: string | null;
  made: string | null;
  /** The role that the caller has by now in what was made; null when none. */
  role: Made["role"] | null;
  pendingId: string | null;
  /** Of how many environments the caller is an admin. */
  administered: number;
}

const ADMINISTERED =
  "(select count(*) from caller join members a on a.user_id = caller.id where a.role = 'admin')";

const BEFORE = callerStatement(
  `select caller.id as caller, ${ADMINISTERED} as administered, k.fingerprint as fingerprint, k.capture as made, m.role as role,
     p.external_id as pendingId
   from caller left join idempotency_keys k on ${IS_REMEMBERED}
     left join members m on m.env_id = k.capture_id and m.user_id = caller.id
     left join pending_external_ids p on p.user_id = caller.id and p.expires_at > :now`,
);

function answered(found: Before | null, request: KeyedRequest | null): Created | null {
  if (found === null) return { outcome: "unauthenticated" };
  const { caller, fingerprint, made, role } = found;
  if (fingerprint === null || made === null) return null;
  if (fingerprint !== request?.fingerprint) return { outcome: "key-reused" };
  if (role === null) return { outcome: "gone" };
  // Only admins are shown the credentials.
  return { outcome: "replayed", caller, environment: { ...answerFormat.parse(made).environment, role } };
}

/**
 * Looks for what a key was answered, before AWS is asked for anything. At the same moment it reads which external id is pending: a
 * request with the same key may be using it up just now.
 * @param max of how many environments one may be an admin
 */
export async function findCreated(
  db: Db,
  credential: Credential,
  request: KeyedRequest | null,
  max: number,
  now: number,
): Promise<Created | Unanswered> {
  const before = await BEFORE(db, credential, now, { key: request?.key ?? null }).first<Before>();
  const earlier = answered(before, request);
  if (earlier !== null) return earlier;
  if (before !== null && before.administered >= max) return { outcome: "too-many" };
  return { outcome: "new", pendingId: before?.pendingId ?? null };
}

const RESERVE = callerStatement(
  `insert into environments (name, region, instance, engine, engine_version, parameter_group, cluster, account_id, is_ready, checks, checked_at, credentials_hint,
     retention_days, retains_metrics, sealed, created_at, updated_at, deleted_at)
   select :name, :region, :instance, :engine, :engineVersion, :parameterGroup, :cluster, :accountId, :isReady, :checks, :checkedAt, :credentialsHint, :retentionDays, :retainsMetrics, :sealed,
     :now, :now, :now from caller
   returning id`,
);

/**
 * Reserves an environment's id, to which its credentials are then sealed. Without members nobody can see it; if it
 * stays so, cron erases it.
 * @returns null when not signed in
 */
export async function reserveEnvironment(
  db: Db,
  credential: Credential,
  environment: NewEnvironment,
  now: number,
): Promise<number | null> {
  const row = await RESERVE(db, credential, now, { ...environment }).first<{ id: number }>();
  return row?.id ?? null;
}

const COMPLETE = callerStatement(
  `update environments set credentials = :credentials, external_id = :pendingId, deleted_at = null
   where id = :id and credentials is null and exists (select 1 from caller) and ${IS_PENDING} and ${ADMINISTERED} < :max
     and not exists (select 1 from caller join idempotency_keys k on ${IS_REMEMBERED})`,
);

const DEED = callerStatement(
  deedOfCaller({
    action: actionSql("environment.created"),
    envId: ":id",
    details: detailsSql({
      name: ":name",
      region: ":region",
      instance: ":instance",
      credentials: ":credentialsHint",
    }),
  }),
);

const ADD_MAKER = callerStatement(
  `insert into members (env_id, user_id, role, created_at)
   select e.id, caller.id, 'admin', :now from caller join environments e on e.id = :id and e.deleted_at is null`,
);

const CONSUME = consuming(":id");

const REMEMBER = rememberingStatement({
  from: "from caller join members m on m.user_id = caller.id and m.env_id = :id",
  id: "m.env_id",
  idPath: "$.environment.id",
});

/**
 * Completes a reserved environment: its sealed credentials, its maker as its first admin, and what its key is answered from now
 * on. Of two requests with one key that come at once, the second is answered as the first; its reservation stays one. Of two with
 * one external id, the first has it.
 * @param reserved with the pending external id that its role asks for; null of an access key
 * @param max of how many environments one may be an admin
 */
export async function completeEnvironment(
  db: Db,
  credential: Credential,
  request: KeyedRequest | null,
  reserved: NewEnvironment & Pick<Made, "id" | "externalId">,
  credentials: string,
  max: number,
  now: number,
): Promise<Created> {
  const { id, externalId } = reserved;
  const made: Made = { ...reserved, createdAt: now, role: "admin" };
  const answer = answerFormat.stringify({ environment: made });
  const { name, region, instance, credentialsHint } = reserved;
  const values = {
    ...keyValues(request, answer, now),
    ...{ id, name, region, instance, credentials, credentialsHint, pendingId: externalId, max },
  };
  const steps = [
    BEFORE,
    COMPLETE,
    DEED,
    ADD_MAKER,
    ...(externalId === null ? [] : [CONSUME]),
    ...(request === null ? [] : [REMEMBER]),
  ];
  const statements = steps.map((step) => step(db, credential, now, values));
  const [found, completed] = (await db.batch(statements)) as [D1Result<Before>, D1Result];
  const first = found.results[0] ?? null;
  const before = answered(first, request);
  if (before !== null) return before;
  const { administered, caller } = first as Before;
  if (completed.meta.changes === 0) return { outcome: administered >= max ? "too-many" : "id-used" };
  return { outcome: "created", caller, environment: made };
}
