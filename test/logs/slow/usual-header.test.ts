import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Header } from "../../../src/logs/slow/header.ts";
import type { HeaderFields } from "../../../src/logs/slow/header-fields.ts";
import { NONE } from "../../../src/logs/slow/header-values.ts";
import { UsualHeader } from "../../../src/logs/slow/usual-header.ts";
import { Units } from "../../../src/logs/units.ts";
import { mariadbEntry, mysqlEntry } from "./fixtures.ts";
import { parse, REAL_LOGS } from "./support.ts";
import { MariadbSlowLogWriter, MysqlSlowLogWriter } from "./writer.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const REST = `SELECT 1;\n${"# ".repeat(300)}`;

function unitsOf(text: string | Uint8Array): Units {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  const units = new Units();
  units.begin(decoder.decode(bytes), bytes);
  return units;
}

/** What a header says that was read. */
const said = ({ account, ...fields }: HeaderFields) => ({
  ...fields,
  user: account.user,
  host: account.host,
});

/** What a header says that is read part by part, at a place; only where that ends if it is none. */
function readPlainly(units: Units, at: number) {
  const header = new Header();
  const end = header.readAny(units, at);
  return end < 0 ? { end } : { end, ...said(header) };
}

/** The same as it is read in a log, by a header that has read others. */
function readBy(header: Header, units: Units, at: number) {
  const end = header.read(units, at);
  return end < 0 ? { end } : { end, ...said(header) };
}

const number = fc.oneof(
  fc.nat({ max: 12 }),
  fc.nat({ max: 1e7 }),
  fc.constantFrom(999_999_999, 1e9, 2 ** 31),
);
const micros = fc.oneof(
  fc.nat({ max: 5_000_000 }),
  fc.nat({ max: 2e9 }),
  fc.constantFrom(1e12 - 1, 1e12, 2 ** 52),
);

/** Entries of two sessions, in few seconds. */
const entry = fc
  .record({
    endMicros: fc.nat({ max: 3_000_000 }).map((after) => Date.UTC(2026, 10, 27, 18) * 1000 + after),
    durationMicros: micros,
    lockMicros: micros,
    threadId: number,
    user: fc.constantFrom("app", "reports", "a] @ x [y", "ünï"),
    host: fc.constantFrom("localhost", ""),
    address: fc.constantFrom("10.0.0.7", ""),
    db: fc.constantFrom(null, "shop"),
    statement: fc.constant("SELECT 1"),
    rowsSent: number,
    rowsExamined: number,
    rowsAffected: fc.constant(1),
    bytesSent: fc.constant(1),
    errno: fc.constant(0),
    second: fc.option(fc.constantFrom(1, 999_999_999, 1_795_802_403, 4_294_967_295, 32_536_771_200), {
      nil: undefined,
    }),
  })
  .map(({ second, ...logged }) => (second === undefined ? logged : { ...logged, second }));

/** A change of some of a text's characters: what is between two places is another text. */
const change = fc.record({
  at: fc.oneof(fc.nat({ max: 260 }), fc.nat({ max: 800 })),
  removed: fc.nat({ max: 3 }),
  added: fc.oneof(
    fc.constantFrom("", "\n", " ", "0", "12", ".", ";", ":", "Z", "é", "\ufffd", "\u0000", "# ", "use d;\n"),
    fc.string({ maxLength: 2 }),
  ),
});

const changed = (text: string, { at, removed, added }: { at: number; removed: number; added: string }) =>
  text.slice(0, at) + added + text.slice(at + removed);

/** The entries of a log, each from its header on. */
const entriesOf = (log: Uint8Array) =>
  parse(log).map(({ start, end }) => decoder.decode(log.subarray(start, end)));

/** Lines that MariaDB writes between Rows_affected and `SET timestamp`, and some that are only like them. */
const OPTIONAL_LINES = [
  "#",
  "# Pages_accessed: 1  Pages_read: 0  Pages_prefetched: 0  Pages_updated: 0  Old_rows_read: 0",
  "# Pages_read_time: 0.0000  Engine_time: 0.0841",
  "# Tmp_tables: 1  Tmp_disk_tables: 2  Tmp_table_sizes: 24576",
  "# Tmp_tables: 1",
  "# Full_scan: Yes  Full_join: No  Tmp_table: No  Tmp_table_on_disk: No",
  "# Full_scan: No  Full_join: Yes",
  "# Full_scan: Yes",
  "# Filesort: Yes  Filesort_on_disk: No  Merge_passes: 0  Priority_queue: No",
  "# Filesort: Perhaps",
  "# explain: 1\tSIMPLE\torders\tALL\tNULL",
  "# Warnings",
  "# Warning 1292 Truncated",
  "# Stored_routine: shop.pay",
  "# Time: 261127 18:01:10",
  "# User@Host: app[app] @ localhost [10.0.0.7]",
  "of no kind",
  "use `shop`;",
  "use shop;",
  "SET timestamp=1795802403;",
  "SET insert_id=1,timestamp=1795802403;",
  "",
];

describe("a header that is read at once", () => {
  it("says what it says part by part, whatever is changed in it, and so do those behind it", () => {
    const writers = fc.constantFrom(
      () => new MysqlSlowLogWriter(),
      () => new MysqlSlowLogWriter(),
      () => new MysqlSlowLogWriter({ hasExtra: true }),
      () => new MariadbSlowLogWriter(),
    );
    const headers = fc.array(fc.tuple(entry, fc.option(change, { freq: 2 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(writers, headers, fc.nat({ max: 700 }), (makeWriter, entries, rest) => {
        const writer = makeWriter();
        const header = new Header();
        for (const [logged, edit] of entries) {
          const whole = writer.entry(logged);
          const units = unitsOf((edit === null ? whole : changed(whole, edit)) + REST.slice(0, rest));
          expect(readBy(header, units, 0)).toEqual(readPlainly(units, 0));
        }
      }),
      { numRuns: 3000, seed: 15 },
    );
  });

  it.each(REAL_LOGS)("says the same at each line of the log %s", (_, log) => {
    const units = unitsOf(log);
    const header = new Header();
    for (let at = 0; at < units.bytes.length; at = units.text.indexOf("\n", at) + 1 || units.bytes.length) {
      expect(readBy(header, units, at)).toEqual(readPlainly(units, at));
    }
  });

  it.each(REAL_LOGS)("says the same of entries of the log %s with characters changed", (_, log) => {
    const entries = fc.constantFrom(...entriesOf(log));
    const edited = fc.array(fc.tuple(entries, fc.option(change, { freq: 3 })), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(edited, (changes) => {
        const header = new Header();
        for (const [whole, edit] of changes) {
          const units = unitsOf(edit === null ? whole : changed(whole, edit));
          expect(readBy(header, units, 0)).toEqual(readPlainly(units, 0));
        }
      }),
      { numRuns: 1000, seed: 15 },
    );
  });

  it("says the same with any of MariaDB's lines in any order", () => {
    const lines = fc.array(fc.constantFrom(...OPTIONAL_LINES), { maxLength: 7 });
    const header = new Header();
    header.readAny(unitsOf(mariadbEntry("SELECT 1")), 0);
    fc.assert(
      fc.property(lines, (between) => {
        const units = unitsOf(
          mariadbEntry("SELECT 1", { lines: between.map((line) => `${line}\n`).join("") }),
        );
        expect(readBy(header, units, 0)).toEqual(readPlainly(units, 0));
      }),
      { numRuns: 5000, seed: 15 },
    );
  });

  it("says the same wherever the text ends", () => {
    for (const [, log] of REAL_LOGS) {
      const longest = entriesOf(log).reduce((one, other) => (other.length > one.length ? other : one));
      const header = new Header();
      for (let end = longest.length; end > 0; end--) {
        const units = unitsOf(longest.slice(0, end));
        expect(readBy(header, units, 0)).toEqual(readPlainly(units, 0));
      }
    }
  });

  const longAccount = `${"u".repeat(590)}[${"u".repeat(590)}] @ h []`;
  const extra = entriesOf(REAL_LOGS.find(([name]) => name === "mysql-9.7.4-extra")?.[1] as Uint8Array);
  const extraWithUse = extra.find((entry) => entry.includes("\nuse ")) as string;
  it.each([
    ["a second that MariaDB has not", mariadbEntry("SELECT 1", { second: 4_294_967_296 })],
    ["the last second that it has", mariadbEntry("SELECT 1", { second: 4_294_967_295 })],
    ["a long plan", mariadbEntry("SELECT 1", { lines: "# explain: 1\tSIMPLE\n".repeat(2000) })],
    ["free text that begins as `use`", mariadbEntry("SELECT 1", { lines: "# explain: 1\nuse d;\n" })],
    ["a line that ends otherwise before `use`", extraWithUse.replace("\nuse ", " use ")],
    ["an End of another zone", extraWithUse.replace(/Z\nuse/, "+01:00\nuse")],
    ["an id that makes the line too long", mysqlEntry("SELECT 1", { user: longAccount, id: 123_456_789 })],
  ])("says the same with %s", (_, text) => {
    const header = new Header();
    const others = [mariadbEntry("SELECT 1"), mysqlEntry("SELECT 1", { user: longAccount }), ...extra];
    for (const entry of others) header.readAny(unitsOf(entry), 0);
    const units = unitsOf(text);
    expect(readBy(header, units, 0)).toEqual(readPlainly(units, 0));
  });

  it.each([
    ["mysql-9.7.4-plain", 337],
    ["mysql-9.7.4-extra", 332],
    ["mariadb-10.11.19", 327],
    ["mariadb-11.8.9-full", 327],
  ])("is every one of the log %s, once its account was read", (name, count) => {
    const log = REAL_LOGS.find(([other]) => other === name)?.[1] as Uint8Array;
    const units = unitsOf(log);
    const header = new Header();
    const usual = new UsualHeader();
    const starts = parse(log).map(({ start }) => decoder.decode(log.subarray(0, start)).length);
    const read = starts.filter((at) => {
      const end = header.readAny(units, at);
      return usual.read(units, at, header) === end;
    });
    expect(read).toEqual(starts);
    expect(read).toHaveLength(count);
  });

  it.each([
    ["that has warnings", mariadbEntry("SELECT 1", { lines: "# Warnings\n# Warning 1292 'x\n0'\n" })],
    ["of a routine", mariadbEntry("SELECT 1", { lines: "# Stored_routine: shop.pay\n" })],
    ["with ids of an INSERT", mysqlEntry("SELECT 1").replace("SET ", "SET insert_id=1,")],
    ["of MySQL 5.6", mysqlEntry("SELECT 1").replace(/Time: .*/, "Time: 261127 18:01:10")],
    ["of another zone", mysqlEntry("SELECT 1", { time: "2026-11-27T18:00:05.187063+01:00" })],
    [
      "of other extra figures",
      mysqlEntry("SELECT 1").replace("examined: 4", "examined: 4 Thread_id: 8  Start: 1 End: 2"),
    ],
  ])("is none %s", (_, log) => {
    const units = unitsOf(log);
    const header = new Header();
    expect(header.readAny(units, 0)).toBeGreaterThan(0);
    expect(new UsualHeader().read(units, 0, header)).toBe(NONE);
  });

  it("is none with zeros in place of its first time, of an account that a header without one had", () => {
    const header = new Header();
    header.readAny(unitsOf(mariadbEntry("SELECT 1")), 0);
    const whole = mysqlEntry("SELECT 1");
    for (const what of [/(?<=Time: ).{20}/, /(?<=timestamp=)\d+;\n/]) {
      const units = unitsOf(whole.replace(what, (text) => "\u0000".repeat(text.length)));
      expect(header.read(units, 0)).toBe(NONE);
    }
  });
});
