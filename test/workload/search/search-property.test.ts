import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTable, tablesOf } from "../../../src/sql-text/tables.ts";
import { tagsOf, tagValue } from "../../../src/sql-text/tags.ts";
import { type AnyRecord, Fingerprints } from "../../../src/workload/search/fingerprints.ts";
import type { RecordFilter, RecordOrder } from "../../../src/workload/search/record-filter.ts";
import { fragmentsInRange, isMissing } from "../../../src/workload/stored/fragments-in-range.ts";
import { parseTime } from "../../../src/workload/stored/time.ts";
import { START } from "../../support/stored-workload.ts";
import { lineOf, type Said, type SaidFragment, searchAll, stored } from "./support.ts";

const fingerprints = new Fingerprints();

/** Whether a record is one of a filter, as it reads. */
function isOf(line: string, filter: RecordFilter): boolean {
  const record = JSON.parse(line) as AnyRecord;
  const { from, to, contains, table, tags = [], minDurationMicros, errors } = filter;
  const time = parseTime(record.time);
  if (from !== undefined && time < from * 1000) return false;
  if (to !== undefined && time >= to * 1000) return false;
  for (const name of ["user", "host", "db", "command", "threadId"] as const) {
    if (filter[name] !== undefined && record[name] !== filter[name]) return false;
  }
  const fingerprint = fingerprints.of(record);
  if (filter.fingerprint !== undefined && fingerprint !== filter.fingerprint) return false;
  const statement = record.statement.toWellFormed();
  if (contains !== undefined && !new RegExp(RegExp.escape(contains.toWellFormed()), "iu").test(statement))
    return false;
  if (table !== undefined) {
    const { reads, writes } = tablesOf(statement);
    const isWanted = (one: string) => isTable(one, table, record.db ?? null);
    if (fingerprint === null || ![...reads, ...writes].some(isWanted)) return false;
  }
  if (tags.some(([key, value]) => tagValue(tagsOf(statement), key) !== value)) return false;
  if (minDurationMicros !== undefined && !("log" in record && record.durationMicros >= minDurationMicros))
    return false;
  return !(errors && !("log" in record && (record.errno ?? 0) > 0));
}

const STATEMENTS = [
  "SELECT * FROM orders WHERE id = 17",
  "select * from shop.Orders o join items using (id)",
  "INSERT INTO items VALUES ('Straße', \"ΟΔΟΣ\", 'привет')",
  "UPDATE `order lines` SET note = 'a\"b\\\\c\n\t\u0001\u007f' WHERE id = 1",
  'SELECT \'x","truncated":true,"user":"root\' FROM t',
  "SELECT 1 /*action='checkout',framework='rails%207'*/",
  "/*action='cart'*/ DELETE FROM orders",
  "SELECT '😀 é É \ud83d'",
  "BEGIN",
  "",
  "statement threadId 17 errno",
  "SELECT '\ufffd\u2028\\u0041\\n'",
];
const NEEDLES = [
  "orders",
  "ORDERS w",
  '"',
  "\\",
  "\n",
  "\t\u0001",
  "n",
  "u00",
  "\\u0",
  "stra\u1e9ee",
  "οδος",
  "ПРИВЕТ",
  "😀 É é",
  "\ufffd",
  "\ud83d",
  "truncated",
  '","',
  "statement",
  "17",
  "}",
  "*/",
  "\u007f'",
  "time",
  'x","TRUNCATED\\',
  "errno",
  "é",
];

const said = (log: string) =>
  fc.record<Said>({
    at: fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 }) },
      { weight: 1, arbitrary: fc.integer({ min: 15, max: 20 }) },
    ),
    statement: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...STATEMENTS) },
      {
        weight: 1,
        arbitrary: fc.string({
          unit: fc.constantFrom("a", "B", "é", "É", '"', "\\", "\n", "\0", "😀", "\ud83d", "n", "u"),
        }),
      },
    ),
    threadId: fc.constantFrom(1, 11, 17, 117),
    user: fc.constantFrom("app", "app_ro", "rené", 'a"b\\c', ""),
    host: fc.constantFrom("10.0.0.7", "10.0.0.70", "db"),
    db: fc.constantFrom(null, "shop", "Größe"),
    command:
      log === "general"
        ? fc.constantFrom("Query", "Execute", "Connect", "Quit", "Prepare")
        : fc.constantFrom("Query", "Administrator command"),
    truncated: fc.boolean(),
    durationMicros: fc.constantFrom(0, 9, 10, 999, 1000, 1001, 20_000),
    ...(log === "slow" && { errno: fc.constantFrom(0, 1064, 1213) }),
  });

const optional = <T>(arbitrary: fc.Arbitrary<T>, weight = 5) =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const filterFor = (log: string): fc.Arbitrary<RecordFilter> =>
  fc.record({
    from: optional(fc.integer({ min: 0, max: 40 }).map((millis) => START + millis)),
    to: optional(fc.integer({ min: 0, max: 45 }).map((millis) => START + millis)),
    fingerprint: optional(
      fc
        .constantFrom(...STATEMENTS)
        .map(
          (statement) =>
            fingerprints.of(JSON.parse(lineOf({ at: 0, statement }, "general", 1))) ?? "0".repeat(16),
        ),
      5,
    ),
    user: optional(fc.constantFrom("app", "rené", 'a"b\\c', ""), 6),
    host: optional(fc.constantFrom("10.0.0.7", "db"), 6),
    db: optional(fc.constantFrom("shop", "Größe"), 6),
    table: optional(fc.constantFrom("orders", "shop.orders", "order lines", "ITEMS", "none"), 5),
    tags: optional(
      fc.constantFrom(
        [["action", "checkout"]],
        [
          ["framework", "rails 7"],
          ["action", "checkout"],
        ],
        [["action", "cart"]],
      ) as fc.Arbitrary<[string, string][]>,
      6,
    ),
    command: optional(fc.constantFrom("Query", "Execute", "Connect"), 6),
    threadId: optional(fc.constantFrom(1, 17), 5),
    contains: optional(
      fc.oneof(
        fc.constantFrom(...NEEDLES),
        fc
          .constantFrom(...STATEMENTS)
          .filter((text) => text !== "")
          .map((text) => text.slice(3, 9) || text),
      ),
      1,
    ),
    ...(log === "slow" && {
      minDurationMicros: optional(fc.constantFrom(0, 10, 1000, 1001, 9999)),
      errors: optional(fc.constant(true as const)),
    }),
  });

/** A workload that was begun by version 1, of whose fragments some are lost. */
const workload = (log: "general" | "slow") =>
  fc
    .record({
      fragments: fc.array(
        fc.array(fc.array(said(log), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
        { maxLength: 6 },
      ),
      old: fc.integer({ min: 0, max: 6 }),
      lost: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }),
    })
    .map(({ fragments, old, lost }) =>
      fragments.map((pieces, sequence): SaidFragment => {
        const version = sequence < old ? 1 : 2;
        return {
          version,
          pieces: pieces.map((piece) => piece.map((one) => lineOf(one, log, version))),
          isLost: lost.includes(sequence),
        };
      }),
    );

describe.each(["general", "slow"] as const)("a search of the %s log", (log) => {
  it("finds, page by page, exactly what is of the filter in all that is stored, in either order, and says what is missing", async () => {
    await fc.assert(
      fc.asyncProperty(
        workload(log),
        filterFor(log),
        fc.constantFrom<RecordOrder>("oldest", "newest"),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
        fc.record({
          scannedBytes: fc.constantFrom(1, 500, 1e6),
          fragments: fc.constantFrom(1, 2, 100),
          replyBytes: fc.constantFrom(1, 400, 1e6),
        }),
        async (fragments, filter, order, limits, bounds) => {
          const memory = stored(7, log, fragments);
          const lines = fragments.filter(({ isLost }) => !isLost).flatMap(({ pieces }) => pieces.flat());
          const expected = lines.filter((line) => isOf(line, filter));
          const parts = await fragmentsInRange(memory.bucket, memory.manifest, filter);
          const lost = parts.filter(isMissing).map((part) => part.fragments);
          if (order === "newest") for (const all of [expected, lost]) all.reverse();
          const { found, missing } = await searchAll(memory, filter, { order, limits, bounds });
          expect(found).toEqual(expected);
          expect(missing).toEqual(lost);
        },
      ),
      { numRuns: 300 },
    );
  });
});
