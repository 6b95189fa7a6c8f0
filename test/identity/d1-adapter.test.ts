import { env } from "cloudflare:workers";
import { getAuthTables } from "better-auth/db";
import type { Where } from "better-auth/types";
import { beforeEach, describe, expect, test } from "vitest";
import { createAuth } from "../../src/identity/auth.ts";
import { d1Adapter } from "../../src/identity/d1-adapter.ts";
import { failing } from "../support/faults.ts";

/** What better-auth is given: its own layer over the adapter included. */
const adapter = d1Adapter(env.DB)({});

const NOON = new Date("2026-11-01T12:00:00.123Z");
const later = (seconds: number) => new Date(NOON.getTime() + seconds * 1000);

interface Verification {
  id: string;
  identifier: string;
  value: string;
  expiresAt: Date;
}

const put = (identifier: string, value: string, expiresAt = NOON) =>
  adapter.create<Verification>({
    model: "verification",
    data: { identifier, value, expiresAt, createdAt: NOON, updatedAt: NOON } as Omit<Verification, "id">,
  });

/** What is found by conditions, by its identifiers, in alphabetical order. */
async function found(...where: Where[]): Promise<string[]> {
  const rows = await adapter.findMany<Verification>({ model: "verification", where });
  return rows.map(({ identifier }) => identifier).sort();
}

beforeEach(async () => {
  await env.DB.prepare("delete from verification").run();
});

describe("a row", () => {
  test("is returned as it was created, with an id of its own, dates and booleans as such", async () => {
    const data = {
      name: "Ada",
      email: "ada@example.com",
      emailVerified: true,
      createdAt: NOON,
      updatedAt: NOON,
    };
    const created = await adapter.create({ model: "user", data });
    expect(created).toMatchObject({ ...data, image: null });
    const stored = await env.DB.prepare(
      "select email_verified, created_at, typeof(created_at) as type from user where id = ?",
    )
      .bind(created.id)
      .first();
    expect(stored).toEqual({ email_verified: 1, created_at: NOON.getTime(), type: "integer" });
    const where = [{ field: "email", value: "ada@example.com" }];
    expect(await adapter.findOne({ model: "user", where })).toEqual(created);
    expect(await adapter.update({ model: "user", where, update: { emailVerified: false } })).toMatchObject({
      id: created.id,
      emailVerified: false,
    });
    expect(
      await adapter.count({ model: "user", where: [{ field: "emailVerified", value: false }, ...where] }),
    ).toBe(1);
  });

  test("that is not there is null, also to be changed", async () => {
    const where = [{ field: "identifier", value: "nobody" }];
    expect(await adapter.findOne({ model: "verification", where })).toBeNull();
    expect(await adapter.update({ model: "verification", where, update: { value: "x" } })).toBeNull();
    expect(await adapter.consumeOne({ model: "verification", where })).toBeNull();
  });

  test("comes with the fields that were asked for only", async () => {
    await put("a", "1");
    const where = [{ field: "identifier", value: "a" }];
    const select = ["value", "expiresAt"];
    expect(await adapter.findOne({ model: "verification", where, select })).toEqual({
      value: "1",
      expiresAt: NOON,
    });
  });

  test("that is not unique is refused as D1 refuses it", async () => {
    const data = {
      name: "Ada",
      email: "twice@example.com",
      emailVerified: true,
      createdAt: NOON,
      updatedAt: NOON,
    };
    await adapter.create({ model: "user", data });
    await expect(adapter.create({ model: "user", data })).rejects.toThrow(
      "UNIQUE constraint failed: user.email",
    );
  });

  test("with the rows of another table that are its own is read with them", async () => {
    const data = {
      name: "Bo",
      email: "bo@example.com",
      emailVerified: true,
      createdAt: NOON,
      updatedAt: NOON,
    };
    const { id: userId } = await adapter.create({ model: "user", data });
    const account = { accountId: userId, providerId: "credential", userId, createdAt: NOON, updatedAt: NOON };
    await adapter.create({ model: "account", data: account });
    const where = [{ field: "id", value: userId }];
    const found = await adapter.findOne({ model: "user", where, join: { account: true } });
    expect(found).toMatchObject({ id: userId, account: [{ providerId: "credential", userId }] });
  });
});

describe("conditions", () => {
  beforeEach(async () => {
    await put("apple", "10%_x", later(0));
    await put("Apple pie", "20", later(10));
    await put("banana", "30", later(20));
  });

  test.each<[string, Where, string[]]>([
    ["eq", { field: "identifier", value: "apple" }, ["apple"]],
    ["eq of a date", { field: "expiresAt", value: later(10) }, ["Apple pie"]],
    ["ne", { field: "identifier", operator: "ne", value: "apple" }, ["Apple pie", "banana"]],
    ["lt", { field: "expiresAt", operator: "lt", value: later(10) }, ["apple"]],
    ["lte", { field: "expiresAt", operator: "lte", value: later(10) }, ["Apple pie", "apple"]],
    ["gt", { field: "expiresAt", operator: "gt", value: later(10) }, ["banana"]],
    ["gte", { field: "expiresAt", operator: "gte", value: later(10) }, ["Apple pie", "banana"]],
    [
      "in",
      { field: "identifier", operator: "in", value: ["apple", "banana", "o'hara"] },
      ["apple", "banana"],
    ],
    ["in of nothing", { field: "identifier", operator: "in", value: [] }, []],
    ["not_in", { field: "identifier", operator: "not_in", value: ["apple"] }, ["Apple pie", "banana"]],
    ["contains", { field: "identifier", operator: "contains", value: "pple" }, ["Apple pie", "apple"]],
    ["starts_with", { field: "identifier", operator: "starts_with", value: "app" }, ["apple"]],
    ["ends_with", { field: "identifier", operator: "ends_with", value: "a" }, ["banana"]],
    [
      "ends_with of more than there is",
      { field: "identifier", operator: "ends_with", value: "a banana" },
      [],
    ],
    ["contains what is a wildcard to LIKE", { field: "value", operator: "contains", value: "%_" }, ["apple"]],
    ["contains a long text", { field: "value", operator: "contains", value: "x".repeat(1000) }, []],
    ["whatever its case", { field: "identifier", value: "APPLE", mode: "insensitive" }, ["apple"]],
    [
      "in, whatever its case",
      { field: "identifier", operator: "in", value: ["APPLE", "Banana"], mode: "insensitive" },
      ["apple", "banana"],
    ],
    ["null", { field: "identifier", value: null }, []],
    ["not null", { field: "identifier", operator: "ne", value: null }, ["Apple pie", "apple", "banana"]],
  ])("%s", async (_, where, expected) => {
    expect(await found(where)).toEqual(expected);
    // One alone is the same, whatever would join it to others.
    expect(await found({ ...where, connector: "OR" })).toEqual(expected);
    expect(await adapter.count({ model: "verification", where: [where] })).toBe(expected.length);
  });

  test("are all to hold, and one of those joined by OR", async () => {
    const either: Where[] = [
      { field: "identifier", value: "apple", connector: "OR" },
      { field: "identifier", value: "banana", connector: "OR" },
    ];
    expect(await found(...either)).toEqual(["apple", "banana"]);
    expect(await found({ field: "value", value: "30" }, ...either)).toEqual(["banana"]);
    expect(await found({ field: "value", value: "30" }, { field: "identifier", value: "banana" })).toEqual([
      "banana",
    ]);
  });

  test("a list may be longer than the parameters that D1 takes", async () => {
    const value = Array.from({ length: 500 }, (_, i) => `name ${i}`);
    expect(await found({ field: "identifier", operator: "in", value: [...value, "banana"] })).toEqual([
      "banana",
    ]);
  });

  test.each<[string, Where]>([
    ["a field that there is not", { field: "value = value or 1", value: "1" }],
    ["a list for eq", { field: "value", value: ["1", "2"] }],
    ["no list for not_in", { field: "value", operator: "not_in", value: "1" }],
  ])("%s is refused", async (_, where) => {
    await expect(found(where)).rejects.toThrow();
  });

  test("a value is never SQL", async () => {
    expect(await found({ field: "value", value: "' or '1' = '1" })).toEqual([]);
    expect(await adapter.count({ model: "verification" })).toBe(3);
  });
});

describe("many rows", () => {
  beforeEach(async () => {
    for (let i = 0; i < 5; i++) await put(`row ${i}`, String(i % 2), later(-i));
  });
  const model = "verification";
  const ids = async (options: Omit<Parameters<typeof adapter.findMany>[0], "model">) =>
    (await adapter.findMany<Verification>({ model, ...options })).map(({ identifier }) => identifier);

  test("are sorted either way, and paged", async () => {
    const sortBy = { field: "expiresAt", direction: "asc" } as const;
    expect(await ids({ sortBy })).toEqual(["row 4", "row 3", "row 2", "row 1", "row 0"]);
    expect(await ids({ sortBy: { ...sortBy, direction: "desc" }, limit: 2 })).toEqual(["row 0", "row 1"]);
    expect(await ids({ sortBy, limit: 2, offset: 3 })).toEqual(["row 1", "row 0"]);
    expect(await ids({ sortBy, offset: 4 })).toEqual(["row 0"]);
    expect(await ids({ sortBy, limit: 2, offset: 9 })).toEqual([]);
    await expect(ids({ sortBy: { field: "value, id", direction: "asc" } })).rejects.toThrow();
  });

  test("are counted, changed and deleted, and the number of those is said", async () => {
    const where = [{ field: "value", value: "1" }];
    expect(await adapter.count({ model, where })).toBe(2);
    expect(await adapter.updateMany({ model, where, update: { value: "one" } })).toBe(2);
    expect(await adapter.count({ model, where })).toBe(0);
    expect(await adapter.deleteMany({ model, where: [{ field: "value", value: "one" }] })).toBe(2);
    expect(await adapter.deleteMany({ model, where: [{ field: "value", value: "one" }] })).toBe(0);
    expect(await adapter.count({ model })).toBe(3);
  });

  test("are not changed where one was meant and no condition says which", async () => {
    await expect(adapter.delete({ model, where: [] })).rejects.toThrow("needs a condition");
    await expect(adapter.consumeOne({ model, where: [] })).rejects.toThrow("needs a condition");
    expect(await adapter.count({ model })).toBe(5);
  });

  test("of a value that many consume at once, one of them gets it", async () => {
    const where = [{ field: "value", value: "1" }];
    const consumed = await Promise.all(
      Array.from({ length: 5 }, () => adapter.consumeOne<Verification>({ model, where })),
    );
    expect(
      consumed
        .filter((one) => one !== null)
        .map(({ identifier }) => identifier)
        .sort(),
    ).toEqual(["row 1", "row 3"]);
    expect(await adapter.count({ model })).toBe(3);
  });
});

test("a number is counted up by all who do so at once, within its guard", async () => {
  const counting = d1Adapter(env.DB)({ rateLimit: { enabled: true, storage: "database" } });
  const data = { key: "of many", count: 0, lastRequest: 1 };
  await counting.create({ model: "rateLimit", data });
  const where: Where[] = [
    { field: "key", value: "of many" },
    { field: "count", operator: "lt", value: 3 },
  ];
  const counted = await Promise.all(
    [2, 3, 4, 5, 6].map((lastRequest) =>
      counting.incrementOne({ model: "rateLimit", where, increment: { count: 1 }, set: { lastRequest } }),
    ),
  );
  expect(counted.filter((one) => one !== null)).toHaveLength(3);
  expect(await counting.findOne({ model: "rateLimit", where: where.slice(0, 1) })).toMatchObject({
    count: 3,
  });
});

test("a fault of the database is handed on, and a write is not tried again", async () => {
  const { DB, trips } = failing(
    /insert into "verification"/,
    new Error("D1_ERROR: Network connection lost."),
  );
  const faulty = d1Adapter(DB)({});
  const data = { identifier: "a", value: "b", expiresAt: NOON, createdAt: NOON, updatedAt: NOON };
  await expect(faulty.create({ model: "verification", data })).rejects.toThrow("Network connection lost");
  expect(trips()).toBe(1);
});

test("each field that better-auth has here is a column of the database", async () => {
  const invites = {
    isClaimable: async () => false,
    claimInvite: async () => false,
    acceptInvite: async () => {},
  };
  const { options } = createAuth(env, invites, "https://captures.example.com");
  for (const [model, { fields }] of Object.entries(getAuthTables(options))) {
    for (const field of Object.keys(fields)) {
      const where = [{ field, operator: "ne", value: null }] as const;
      await expect(
        d1Adapter(env.DB)(options).count({ model, where: [...where] }),
        `${model}.${field}`,
      ).resolves.toBeGreaterThanOrEqual(0);
    }
  }
});
