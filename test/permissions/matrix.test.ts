import { beforeAll, describe, expect, test } from "vitest";
import { refuse } from "../../src/http/refusals.ts";
import { expectRefusal, type Reply, request } from "../support/api.ts";
import { operations } from "../support/contract.ts";
import { type Asked, KINDS, OPERATIONS, type Outcome } from "./operations.ts";
import { CALLERS, type Caller, createWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);

test("every operation of the API is somebody's", () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(Object.keys(OPERATIONS).sort()).toEqual(ids.sort());
});

/** The path of an operation, of the capture, schedule or environment of this test. */
function pathOf(template: string, { path = {}, query }: Asked): string {
  const { captureId, schedule, cast } = world;
  const ids = { captures: captureId, schedules: schedule.id, environments: cast.environment.id };
  const [, , room = ""] = template.split("/");
  const names: Record<string, string> = { id: String(ids[room as keyof typeof ids]), ...path };
  return template.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? "") + (query ? `?${query}` : "");
}

const UNSEEN = /not found$|does not exist/;
const LOGIN = /^Login required|^Unauthorized/;
const REFUSALS: Record<Exclude<Outcome, "allowed">, [status: number, message: RegExp | string]> = {
  login: [401, LOGIN],
  session: [401, LOGIN],
  unseen: [404, UNSEEN],
  "viewer-reads": [403, refuse.viewerMayNotRead().message],
  "viewer-changes": [403, refuse.viewerMayNotChange().message],
  "not-owner": [403, /^Only the (capture|schedule)'s owner or an admin/],
  "not-admin": [403, refuse.notAdmin().message],
  "key-reads": [403, refuse.keyMayNotWrite().message],
  "key-elsewhere": [403, refuse.keyOfOneEnvironment().message],
};

function expectOutcome(reply: Reply, outcome: Outcome): void {
  if (outcome !== "allowed") {
    expectRefusal(reply, ...REFUSALS[outcome]);
    return;
  }
  const said = JSON.stringify(reply.body);
  expect([401, 403], said).not.toContain(reply.status);
  expect(reply.status, said).toBeLessThan(500);
  // It may be that there is nothing to show.
  if (reply.status === 404) expect((reply.body as { message: string }).message).not.toMatch(UNSEEN);
}

const isKey = (caller: Caller) => ["nobody", "reader", "visitor"].includes(caller);

describe.each(operations.map(({ method, path, operation: { operationId: id } }) => ({ id, method, path })))(
  "$id",
  ({ id, method, path }) => {
    const { kind, ask = (): Asked => ({}), isForKeysOnly } = OPERATIONS[id] ?? { kind: "everybody" };
    const callers = CALLERS.filter((caller) => !isForKeysOnly || isKey(caller));

    test.each(callers.map((caller): [Caller, Outcome] => [caller, KINDS[kind][caller]]))(
      "by %s is %s",
      async (caller, outcome) => {
        const { json, headers = {}, ...asked } = await ask(world);
        const reply = await request(method, pathOf(path, asked), {
          ...(json !== undefined && { json }),
          headers: { ...headers, ...world.people[caller].headers },
        });
        expectOutcome(reply, outcome);
      },
    );
  },
);
