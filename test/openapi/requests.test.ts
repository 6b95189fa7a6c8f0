import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSchedule } from "../schedules/support.ts";
import { addMember, byKey, createCapture, createEnvironment, request, signUp } from "../support/api.ts";
import { operations } from "../support/contract.ts";
import { inFuture } from "../support/time.ts";
import { type Caller, type Generated, type KnownIds, requestOf } from "./generate.ts";

/*
 * Two thousand requests made of the API's description, good and bad. `request` holds each reply against the description; here,
 * none may be a fault. They are the same ones each time, so that a failure can be looked into: fast-check names the smallest
 * request that fails.
 */

const ROUNDS = 20;
const REQUESTS_OF_A_ROUND = 100;

let known: KnownIds;
let headersOf: Record<Caller, Record<string, string>>;

/** People and things anew: the requests sign people out and delete what there is. */
beforeEach(async () => {
  const person = await signUp();
  const { environment } = await createEnvironment(person);
  const scheduledStart = inFuture(3_600_000);
  const captures = [
    await createCapture(person, { envId: environment.id, scheduledStart }),
    await createCapture(person, { envId: environment.id, start: "2026-01-01", duration: 60 }),
  ];
  const schedule = await createSchedule(person, { envId: environment.id });
  known = {
    environments: [environment.id],
    captures: captures.map(({ id }) => id),
    schedules: [schedule.id],
  };
  const viewer = await signUp();
  await addMember(person, environment.id, viewer, "viewer");
  headersOf = {
    session: person.headers,
    key: (await byKey(person)).headers,
    "other's key": (await byKey(await signUp())).headers,
    "viewer's": viewer.headers,
    "read key": (await byKey(person, { scope: "read" })).headers,
    "key for one": (await byKey(person, { envId: environment.id })).headers,
    nobody: {},
    "wrong key": { authorization: "Bearer captures_no" },
    "wrong cookie": { cookie: "captures.session_token=no.no" },
  };
});

let addresses = 0;

// A machine that is busy with other tests too may answer for AWS more slowly than tests wait for that, and runners ask it, too.
beforeEach(() => void vi.spyOn(AbortSignal, "timeout").mockReturnValue(new AbortController().signal));
afterEach(() => vi.restoreAllMocks());

/** Sends a generated request, from an address of its own, since what comes from one is counted. */
function send({ method, path, caller, headers, body }: Generated) {
  const address = ++addresses;
  return request(method, path, {
    ...(body !== undefined && { body }),
    headers: {
      ...headers,
      ...headersOf[caller],
      "cf-connecting-ip": `198.18.${address >> 8}.${address & 255}`,
    },
  });
}

test.for(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
  "a hundred generated requests cause no fault and no reply that is not described (round %i)",
  async (round) => {
    const generated = fc.constantFrom(...operations).chain((described) => requestOf(described, known));
    await fc.assert(
      fc.asyncProperty(generated, async (asked) => {
        expect((await send(asked)).status).toBeLessThan(500);
      }),
      { numRuns: REQUESTS_OF_A_ROUND, seed: round },
    );
  },
);
