import * as z from "zod";
import { type Credential, callerOf } from "../db/caller.ts";
import { isRemembered, type KeyedRequest, keyedRequest, remember } from "../db/idempotency.ts";
import type { Db } from "../db/types.ts";
import { storedFormat } from "../lib/stored.ts";
import { type EnvironmentRequest, ROLES } from "./schema.ts";
import type { NewEnvironment } from "./store.ts";

/*
 * How an environment is made: an id is reserved, to which its credentials are then sealed, and the environment is completed. A
 * request that is cut off in between leaves a reservation, which is nobody's to see and which cron erases. With an
 * Idempotency-Key, only what was completed is remembered.
 */

/** An environment as its maker is shown it. */
const madeSchema = z.object({
  id: z.number(),
  name: z.string(),
  region: z.string(),
  instance: z.string(),
  engine: z.string(),
  engineVersion: z.string(),
  parameterGroup: z.string(),
  credentialsHint: z.string(),
  createdAt: z.number(),
  role: z.enum(ROLES),
});
/** What of an environment is shown. */
export type Made = z.output<typeof madeSchema>;

/** How the answer to the key of a request for an environment is stored. */
const answerFormat = storedFormat("answer to an Idempotency-Key", 1, z.object({ environment: madeSchema }));

/** What became of a request for an environment, or of an earlier one with the same key. */
export type Created =
  | { outcome: "created"; caller: string; environment: Made }
  /** The same was asked for with the same key before: `environment` is as it was made. */
  | { outcome: "replayed"; caller: string; environment: Made }
  /** "gone": it was made with the key, and the caller is no member of it any more. */
  | { outcome: "unauthenticated" | "gone" | "key-reused" };

/**
 * Puts a request together with its key. What is secret in it makes no other request, so that nothing is kept of that, not even a
 * hash: with the same access key or role, what was made is what is asked for.
 */
export const keyedEnvironment = (key: string, request: EnvironmentRequest): Promise<KeyedRequest> => {
  const { name, region, instance, credentials } = request;
  const identity = "roleArn" in credentials ? credentials.roleArn : credentials.accessKeyId;
  return keyedRequest(key, { environment: { name, region, instance, identity } });
};

/** Who is asking, and what the key ?3 was answered. */
interface Before {
  caller: string;
  fingerprint: string | null;
  made: string | null;
  memberOf: number | null;
}

const before = (db: Db, credential: Credential, request: KeyedRequest | null, now: number) =>
  db
    .prepare(
      `with ${callerOf(credential)}
       select caller.id as caller, k.fingerprint as fingerprint, k.capture as made, m.env_id as memberOf
       from caller left join idempotency_keys k on ${isRemembered("?3")}
         left join members m on m.env_id = k.capture_id and m.user_id = caller.id`,
    )
    .bind(credential.value, now, request?.key ?? null);

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
  return answered(await before(db, credential, request, now).first<Before>(), request);
}

/**
 * Reserves an environment's id, to which its credentials are then sealed. Without members it is nobody's to see; should it
 * stay so, cron erases it.
 * @returns null when not signed in
 */
export async function reserveEnvironment(
  db: Db,
  credential: Credential,
  environment: NewEnvironment,
  now: number,
): Promise<number | null> {
  const { name, region, instance, engine, engineVersion, parameterGroup, credentialsHint } = environment;
  const row = await db
    .prepare(
      `with ${callerOf(credential)}
       insert into environments (name, region, instance, engine, engine_version, parameter_group, credentials_hint, created_at,
         updated_at, deleted_at)
       select ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?2, ?2, ?2 from caller returning id`,
    )
    .bind(
      credential.value,
      now,
      name,
      region,
      instance,
      engine,
      engineVersion,
      parameterGroup,
      credentialsHint,
    )
    .first<{ id: number }>();
  return row?.id ?? null;
}

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
  const caller = callerOf(credential);
  const made: Made = { ...reserved, createdAt: now, role: "admin" };
  const answer = answerFormat.stringify({ environment: made });
  const making = {
    from: "from caller join members m on m.user_id = caller.id and m.env_id = ?3",
    id: "m.env_id",
    idPath: "$.environment.id",
    values: [id],
  };
  const statements = [
    before(db, credential, request, now),
    db
      .prepare(
        `with ${caller} update environments set credentials = ?4, deleted_at = null
         where id = ?3 and credentials is null and exists (select 1 from caller)
           and not exists (select 1 from caller join idempotency_keys k on ${isRemembered("?5")})`,
      )
      .bind(credential.value, now, id, credentials, request?.key ?? null),
    db
      .prepare(
        `with ${caller} insert into members (env_id, user_id, role, created_at)
         select e.id, caller.id, 'admin', ?2 from caller join environments e on e.id = ?3 and e.deleted_at is null`,
      )
      .bind(credential.value, now, id),
    ...(request === null ? [] : [remember(db, credential, request, answer, making, now)]),
  ];
  const [found] = (await db.batch(statements)) as [D1Result<Before>];
  const first = found.results[0] ?? null;
  return (
    answered(first, request) ?? { outcome: "created", caller: (first as Before).caller, environment: made }
  );
}
