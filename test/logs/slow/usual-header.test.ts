import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Header } from "../../../src/logs/slow/header.ts";
import type { HeaderFields } from "../../../src/logs/slow/header-fields.ts";
import { NONE } from "../../../src/logs/slow/header-values.ts";
import { UsualHeader } from "../../../src/logs/slow/usual-header.ts";
import { Units } from "../../../src/logs/units.ts";
import { REAL_LOGS } from "./support.ts";
import { MariadbSlowLogWriter, MysqlSlowLogWriter } from "./writer.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
/** Behind a header there has to be more than the longest of its kind has. */
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

const FIRST = {
  endMicros: Date.UTC(2026, 10, 27, 18) * 1000 + 187_063,
  durationMicros: 1200,
  lockMicros: 3,
  threadId: 19,
  user: "app",
  host: "localhost",
  address: "",
  db: null,
  rowsSent: 1,
  rowsExamined: 1,
  rowsAffected: 0,
  bytesSent: 57,
  errno: 0,
};

/** A change of some of a text's characters: what is between two places is another text. */
const change = fc.record({
  at: fc.nat({ max: 260 }),
  removed: fc.nat({ max: 3 }),
  added: fc.oneof(
    fc.constantFrom("", "\n", " ", "0", "12", ".", ";", ":", "Z", "é", "\ufffd", "\u0000", "# ", "use d;\n"),
    fc.string({ maxLength: 2 }),
  ),
});

const changed = (text: string, { at, removed, added }: { at: number; removed: number; added: string }) =>
  text.slice(0, at) + added + text.slice(at + removed);

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

  it("has no time that was not read: not one of NULs, where nothing was read before", () => {
    const logged = new MysqlSlowLogWriter().entry({ ...FIRST, statement: "SELECT 1" });
    const header = new Header();
    // So close to the end of the text, it is read part by part: its account is known then, its time is not remembered.
    expect(readBy(header, unitsOf(logged), 0).end).toBeGreaterThan(0);
    const time = /^# Time: (.{20})/.exec(logged)?.[1] as string;
    const second = /SET timestamp=(\d{10};\n)/.exec(logged)?.[1] as string;
    for (const part of [time, second]) {
      const units = unitsOf(logged.replace(part, "\0".repeat(part.length)) + REST);
      expect(readBy(header, units, 0)).toEqual(readPlainly(units, 0));
    }
  });

  it("is nearly every one of MySQL's, once its account was read", () => {
    const text = encoder.encode(REST);
    const log = REAL_LOGS.find(([name]) => name === "mysql-9.7.4-plain")?.[1] as Uint8Array;
    const units = unitsOf(new Uint8Array([...log, ...text]));
    const header = new Header();
    const usual = new UsualHeader();
    let read = 0;
    let others = 0;
    for (let at = 0; at < units.bytes.length; at = units.text.indexOf("\n", at) + 1 || units.bytes.length) {
      if (header.readAny(units, at) < 0 || header.endMicros === null || header.db !== null) continue;
      if (usual.read(units, at, header) === NONE) others++;
      else read++;
    }
    expect(others).toBe(0);
    expect(read).toBeGreaterThan(250);
  });
});
