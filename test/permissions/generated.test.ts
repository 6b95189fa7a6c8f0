import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { isSafe } from "../../src/http/methods.ts";
import { type Reply, request } from "../support/api.ts";
import { operations } from "../support/contract.ts";
import { createWorld, LITERAL, type World } from "./world.ts";

/*
 * Requests that nobody has thought of: any operation, with any ids, parameters and bodies, by those who may do less than an admin. What
 * must not happen is said of all of them at once. The description is checked of each reply, too (test/support/contract.ts).
 */

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);

/** Those that are not about what keys and viewers are limited in: they would make accounts and sign people out. */
const asked = operations.filter(({ path }) => !path.startsWith("/api/auth") && path !== "/api/health");

interface Generated {
  operation: (typeof asked)[number];
  ids: number;
  query: Record<string, string>;
  json: Record<string, unknown>;
  headers: Record<string, string>;
}

/** The ids that a path can have: those of the world, of the environment that a key is for, and none. */
const idsOf = (path: string): (string | number)[] => {
  const { captureId, otherId, schedule, cast, elsewhere } = world;
  if (path.startsWith("/api/captures")) return [captureId, otherId, elsewhere.captureId, 0, 999_999, "x"];
  if (path.startsWith("/api/schedules")) return [schedule.id, 999_999];
  return [cast.environment.id, elsewhere.id, 999_999];
};

const words = () =>
  fc.constantFrom(
    ...[
      "1",
      "0",
      "x",
      "csv",
      "json",
      "html",
      "md",
      "ndjson",
      "log",
      "sql",
      "full",
      "me",
      "general",
      "slow",
      "both",
    ],
    ...[
      "newest",
      "slowest",
      "time",
      "calls",
      "-created",
      "name",
      "orders",
      "app",
      "SELECT",
      LITERAL,
      "action:x",
    ],
    ...["2026-11-23T05:00:00Z", "2030-01-01T00:00:00Z", "60", "1000", "RUNNING", "DONE", "0 1 * * *"],
    ...[String(world.captureId), String(world.otherId), String(world.elsewhere.captureId)],
    ...[String(world.cast.environment.id), String(world.elsewhere.id), world.fingerprint],
  );

const values = () =>
  fc.oneof(
    words(),
    fc.constantFrom<unknown>(
      null,
      true,
      0,
      60,
      3600,
      world.cast.environment.id,
      world.elsewhere.id,
      { a: "b" },
      "viewer",
      "admin",
      "new name",
    ),
  );

const FIELDS = [
  "name",
  "envId",
  "duration",
  "labels",
  "notes",
  "scheduledStart",
  "role",
  "cron",
  "log",
  "region",
];

const generated = (): fc.Arbitrary<Generated> =>
  fc.constantFrom(...asked).chain((operation) => {
    const names = (operation.operation.parameters ?? [])
      .filter((one) => one.in === "query")
      .map(({ name }) => name);
    return fc.record({
      operation: fc.constant(operation),
      ids: fc.nat(5),
      query:
        names.length === 0
          ? fc.constant({})
          : fc.dictionary(fc.constantFrom(...names), words(), { maxKeys: 3 }),
      json: fc.dictionary(fc.constantFrom(...FIELDS), values(), { maxKeys: 4 }),
      headers: fc.constantFrom<Record<string, string>>(
        {},
        {},
        { "If-Match": "*" },
        { "Idempotency-Key": "one" },
      ),
    });
  });

async function send(who: { headers: Record<string, string> }, one: Generated): Promise<Reply> {
  const { path, method } = one.operation;
  const ids = idsOf(path);
  const names: Record<string, string> = {
    id: String(ids[one.ids % ids.length]),
    fingerprint: world.fingerprint,
    threadId: "8",
    userId: world.cast.member.id,
    inviteId: "none",
    webhookId: "1",
    deliveryId: "1",
  };
  const query = new URLSearchParams(one.query).toString();
  const url = path.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? "") + (query && `?${query}`);
  return request(method, url, {
    ...(!isSafe(method) && method !== "DELETE" && { json: one.json }),
    headers: { ...one.headers, ...who.headers },
  });
}

/** All that could be changed by these requests, as one text. */
async function everything(): Promise<string> {
  const tables = [
    "captures",
    "schedules",
    "environments",
    "members",
    "invites",
    "capture_events",
    "schedule_events",
  ];
  const rows = await env.DB.batch(
    [...tables, "pending_external_ids", "idempotency_keys"].map((table) =>
      env.DB.prepare(`select * from ${table}`),
    ),
  );
  return JSON.stringify(rows.map(({ results }) => results));
}

/** What changes nothing but what is one's own. */
const OF_OWN_ACCOUNT = new Set<string | undefined>(["askForExternalId", "makeCalendar", "revokeCalendar"]);

const RUNS = { numRuns: 150, endOnFailure: true };
const SLOW = 120_000;

/** Holds a rule against generated requests of somebody. */
async function holds(
  who: () => { headers: Record<string, string> },
  rule: (reply: Reply, one: Generated) => void,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(generated(), async (one) => {
      const reply = await send(who(), one);
      expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(500);
      rule(reply, one);
    }),
    RUNS,
  );
}

const textOf = ({ body, headers }: Reply): string => JSON.stringify([body, [...headers]]);
const succeeded = ({ status }: Reply): boolean => status < 300;

describe("whatever is asked,", () => {
  test(
    "a viewer reads no statement, and changes nothing",
    async () => {
      const before = await everything();
      await holds(
        () => world.people.viewer,
        (reply, { operation }) => {
          // A message may repeat what was asked for.
          if (succeeded(reply)) expect(textOf(reply)).not.toContain(LITERAL);
          const isOwnAccount = OF_OWN_ACCOUNT.has(operation.operation.operationId);
          if (!isSafe(operation.method) && !isOwnAccount) expect(reply.status).toBeGreaterThanOrEqual(400);
        },
      );
      await env.DB.prepare("delete from pending_external_ids").run();
      expect(await everything()).toBe(before);
    },
    SLOW,
  );

  test(
    "a key that may only read changes nothing, and nothing is made by it",
    async () => {
      const before = await everything();
      await holds(
        () => world.people.reader,
        (reply, { operation }) => {
          // What needs a session says so to any key.
          const takesKeys = operation.operation.security.some((way) => "apiKey" in way);
          if (!isSafe(operation.method)) expect(reply.status).toBe(takesKeys ? 403 : 401);
        },
      );
      expect(await everything()).toBe(before);
    },
    SLOW,
  );

  test(
    "a key for one environment is shown nothing of another, and changes nothing there",
    async () => {
      const theirs = async () => {
        const { id } = world.cast.environment;
        const rows = await env.DB.batch(
          [
            "captures where env_id",
            "schedules where env_id",
            "members where env_id",
            "environments where id",
          ].map((of) => env.DB.prepare(`select * from ${of} = ?`).bind(id)),
        );
        return JSON.stringify(rows.map(({ results }) => results));
      };
      const before = await theirs();
      const { name } = world.cast.environment;
      await holds(
        () => world.people.visitor,
        (reply) => {
          if (!succeeded(reply)) return;
          expect(textOf(reply)).not.toContain(LITERAL);
          expect(textOf(reply)).not.toContain(`"${name}"`);
          expect(textOf(reply)).not.toContain(`"envId":${world.cast.environment.id},`);
        },
      );
      expect(await theirs()).toBe(before);
    },
    SLOW,
  );

  test(
    "a stranger is shown nothing of an environment",
    async () => {
      await holds(
        () => world.people.stranger,
        (reply) => {
          if (!succeeded(reply)) return;
          expect(textOf(reply)).not.toContain(LITERAL);
          expect(textOf(reply)).not.toContain('"envId":');
        },
      );
    },
    SLOW,
  );
});
