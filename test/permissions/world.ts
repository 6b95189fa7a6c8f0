import { env } from "cloudflare:workers";
import type { Schedule } from "../../src/schedules/replies.ts";
import type { WorkloadDigest } from "../../src/workload/replies.ts";
import { createSchedule } from "../schedules/support.ts";
import {
  addMember,
  byKey,
  type Cast,
  createCapture,
  createCast,
  createEnvironment,
  type Person,
  personWith,
  signUp,
} from "../support/api.ts";
import { ended, record } from "../support/stored-workload.ts";

/** Who asks in these tests. `reader` and `visitor` are keys of the admin: one may only read, one is for another environment. */
export const CALLERS = ["nobody", "stranger", "viewer", "member", "admin", "reader", "visitor"] as const;
/** One of them. */
export type Caller = (typeof CALLERS)[number];

/** A value that is in what statements say, and nowhere else. */
export const LITERAL = "zebra-7731";
const STATEMENT = `SELECT * FROM orders WHERE note = '${LITERAL}'`;

/** An environment with all that can be asked for, and everybody who may ask. */
export interface World {
  cast: Cast;
  people: Record<Caller, Person>;
  /** Of an ended capture of the owner's, which has a workload. */
  captureId: number;
  /** Of another one to compare it with. */
  otherId: number;
  /** Of one that has not ended. */
  liveId: number;
  fingerprint: string;
  schedule: Schedule;
  /** The environment that the visitor's key is for. */
  elsewhere: { id: number; name: string; captureId: number };
}

/** Makes it. */
export async function createWorld(): Promise<World> {
  const cast = await createCast();
  const viewer = await signUp("Viewer");
  await addMember(cast.admin, cast.environment.id, viewer, "viewer");
  const { environment: elsewhere } = await createEnvironment(cast.admin, { name: "elsewhere" });
  const [reader, visitor] = await Promise.all([
    byKey(cast.admin, { scope: "read" }),
    byKey(cast.admin, { envId: elsewhere.id }),
  ]);
  const { id: captureId } = await ended(cast, [[[record(0, STATEMENT), record(5, STATEMENT)]]]);
  const { id: otherId } = await ended(cast, [[[record(0, STATEMENT)]]]);
  const planned = { scheduledStart: new Date(Date.now() + 86_400_000).toISOString() };
  // With a capture that has not ended, the environment can't be deleted by whoever may.
  const live = await createCapture(cast.owner, { envId: cast.environment.id, ...planned });
  const theirs = await createCapture(cast.admin, { envId: elsewhere.id, ...planned });
  const { body } = await cast.admin.get<WorkloadDigest[]>(`/api/captures/${captureId}/workload/digest`);
  const schedule = await createSchedule(cast.owner, { envId: cast.environment.id });
  return {
    cast,
    people: { ...cast, nobody: personWith("", "", {}), viewer, reader, visitor },
    captureId,
    otherId,
    liveId: live.id,
    fingerprint: body[0]?.fingerprint ?? "",
    schedule,
    elsewhere: { id: elsewhere.id, name: elsewhere.name, captureId: theirs.id },
  };
}

let extras = 0;

/** Somebody who belongs to an environment and never signs in: for a test that removes them. */
export async function extraMember(envId: number): Promise<string> {
  const id = `extra-${++extras}`;
  await env.DB.batch([
    env.DB.prepare(
      "insert into user (id, name, email, email_verified, created_at, updated_at) values (?1, ?1, ?1 || '@example.com', 0, 1, 1)",
    ).bind(id),
    env.DB.prepare(
      "insert into members (env_id, user_id, role, created_at) values (?2, ?1, 'member', 1)",
    ).bind(id, envId),
  ]);
  return id;
}
