import * as z from "zod";
import { type Credential, callerStatement } from "../db/caller.ts";
import {
  IS_REMEMBERED,
  type KeyedRequest,
  keyedRequest,
  keyValues,
  rememberingStatement,
} from "../db/idempotency.ts";
import type { Db } from "../db/types.ts";
import { lazy } from "../lib/lazy.ts";
import { storedFormat } from "../lib/stored.ts";
import { type EnvironmentRequest, ROLES } from "./schema.ts";
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
  /** The same was asked for with the same key before: `environment` is as it was made. */
  | { outcome: "replayed"; caller: string; environment: Made }
  /** "gone": it was made with the key, and the caller is no member of it any more. */
  | { outcome: "unauthenticated" | "gone" | "key-reused" };

/**
 * A request and its key. Secrets are left out of its fingerprint, so that nothing of them is stored, not even a hash: with the same
 * access key or role it is the same request.
 */
export const keyedEnvironment = (key: string, request: EnvironmentRequest): Promise<KeyedRequest> => {
  const { name, region, instance, credentials } = request;
  const identity = "roleArn" in credentials ? credentials.roleArn : credentials.accessKeyId;
  return keyedRequest(key, { environment: { name, region, instance, identity } });
};

/** Who is asking, and what the key was answered. */
interface Before {
  caller: string;
  fingerprint: string | null;
  made: string | null;
  memberOf: number | null;
}

const BEFORE = callerStatement(
  `select caller.id as caller, k.fingerprint as fingerprint, k.capture as made, m.env_id as memberOf
   from caller left join idempotency_keys k on ${IS_REMEMBERED}
     left join members m on m.env_id = k.capture_id and m.user_id = caller.id`,
);

function answered(found: Before | null, request: KeyedRequest | null): Created | null {
  if (found === null) return { outcome: "unauthenticated" };
  const { caller, fingerprint, made, memberOf } = found;
  if (fingerprint === null || made === null) return null;
  if (fingerprint !== request?.fingerprint) return { outcome: "key-reused" };
  if (memberOf === null) return { outcome: "gone" };
  return { outcome: "replayed", caller, environment: answerFormat.parse(made).environment };
}

/**
 * Looks for what a key was answered, before AWS is asked for anything.
 * @returns null when nothing: the environment is to be made, for a caller who is signed in
 */
export async function findCreated(
  db: Db,
  credential: Credential,
  request: KeyedRequest | null,
  now: number,
): Promise<Created | null> {
  const before = BEFORE(db, credential, now, { key: request?.key ?? null });
  return answered(await before.first<Before>(), request);
}

const RESERVE = callerStatement(
  `insert into environments (name, region, instance, engine, engine_version, parameter_group, cluster, is_ready, checks, checked_at, credentials_hint,
     created_at, updated_at, deleted_at)
   select :name, :region, :instance, :engine, :engineVersion, :parameterGroup, :cluster, :isReady, :checks, :checkedAt, :credentialsHint, :now, :now, :now from caller
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
  const { name, region, instance, engine, engineVersion, parameterGroup, cluster } = environment;
  const { isReady, checks, checkedAt, credentialsHint } = environment;
  const target = { region, instance, engine, engineVersion, parameterGroup, cluster };
  const values = { ...target, name, isReady, checks, checkedAt, credentialsHint };
  const row = await RESERVE(db, credential, now, values).first<{ id: number }>();
  return row?.id ?? null;
}

const COMPLETE = callerStatement(
  `update environments set credentials = :credentials, deleted_at = null
   where id = :id and credentials is null and exists (select 1 from caller)
     and not exists (select 1 from caller join idempotency_keys k on ${IS_REMEMBERED})`,
);

const ADD_MAKER = callerStatement(
  `insert into members (env_id, user_id, role, created_at)
   select e.id, caller.id, 'admin', :now from caller join environments e on e.id = :id and e.deleted_at is null`,
);

const REMEMBER = rememberingStatement({
  from: "from caller join members m on m.user_id = caller.id and m.env_id = :id",
  id: "m.env_id",
  idPath: "$.environment.id",
});

/**
 * Completes a reserved environment: its sealed credentials, its maker as its first admin, and what its key is answered from now
 * on. Of two requests with one key that come at once, the second is answered as the first; its reservation stays one.
 */
export async function completeEnvironment(
  db: Db,
  credential: Credential,
  request: KeyedRequest | null,
  reserved: NewEnvironment & { id: number },
  credentials: string,
  now: number,
): Promise<Created> {
  const { id } = reserved;
  const made: Made = { ...reserved, externalId: null, createdAt: now, role: "admin" };
  const answer = answerFormat.stringify({ environment: made });
  const values = { ...keyValues(request, answer, now), id, credentials };
  const steps = [BEFORE, COMPLETE, ADD_MAKER, ...(request === null ? [] : [REMEMBER])];
  const statements = steps.map((step) => step(db, credential, now, values));
  const [found] = (await db.batch(statements)) as [D1Result<Before>];
  const first = found.results[0] ?? null;
  return (
    answered(first, request) ?? { outcome: "created", caller: (first as Before).caller, environment: made }
  );
}
