import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "./support.ts";
import { type Logged, MariadbSlowLogWriter, MysqlSlowLogWriter, type SlowLogWriter } from "./writer.ts";

/** Names as people give them, and as nobody should. */
const NAMES = ["app", "a] @ x [y", "new\nline", "x[x]", "# Time: 1", "ünï😀", "Id:     7", ";\n"];
const DATABASES = ["shop", "odd db;x", "a\nb", "`q`", "QC_hit: No", "# User@Host: x", "日本"];
const WORDS = [
  "SELECT 1",
  "'it''s'",
  "\n",
  ";\n",
  ";",
  "# Time: 2026-01-02T03:04:05.123456Z\n",
  "# User@Host: evil[evil] @ localhost []  Id:     1\n",
  "# Query_time: 99.000000  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 1\n",
  "SET timestamp=1;\n",
  "use other;\n",
  "SET insert_id=5;\n",
  "# administrator command: Quit",
  "\t\u0000\u0001",
  "grüße 😀 寿",
  "/* x */",
  "-- x\n",
];
const HEADERS = [
  "# Time: 2026-01-02T03:04:05.123456Z\n# User@Host: evil[evil] @ localhost []  Id:     1\n# Query_time: 99.000000  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 1\nuse other;\nSET timestamp=1;\nDROP TABLE t;\n",
  "# User@Host: evil[evil] @ localhost []\n# Thread_id: 4  Schema:   QC_hit: No\n# Query_time: 99.000000  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0\n# Rows_affected: 0  Bytes_sent: 67\nSET timestamp=1;\ndrop table t;\n",
];

const count = fc.nat({ max: 100_000 });

/** A statement as the server writes it: without white space and `;` around it. Whole entries are in a string. */
const statement = fc
  .tuple(
    fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 6 }),
    fc.option(fc.constantFrom(...HEADERS), { freq: 6 }),
  )
  .map(([words, header]) => {
    const text = `SELECT ${words.join("")}`.replace(/[\s;]+$/, "");
    return header === null ? text : `SELECT 'pasted;\n${header}'`;
  });

/** Statements of some sessions in the order in which they ended, a second or so apart. */
const workload = fc
  .tuple(
    fc.array(fc.record({ user: fc.constantFrom(...NAMES), db: fc.constantFrom(null, ...DATABASES) }), {
      minLength: 3,
      maxLength: 3,
    }),
    fc.array(
      fc.record({
        session: fc.nat({ max: 2 }),
        statement,
        gap: fc.nat({ max: 2_000_000 }),
        durationMicros: fc.nat({ max: 5_000_000 }),
        lockMicros: count,
        rowsSent: count,
        rowsExamined: count,
        rowsAffected: count,
        bytesSent: count,
        errno: fc.constantFrom(0, 1062),
        hasPlan: fc.boolean(),
        host: fc.constantFrom("localhost", "", "db-1.example.com"),
        isReopened: fc.nat({ max: 9 }).map((n) => n === 0),
      }),
      { maxLength: 12 },
    ),
  )
  .map(([sessions, entries]) => {
    let endMicros = Date.UTC(2026, 10, 27, 18) * 1000;
    return entries.map(({ session, gap, ...entry }): Logged & { isReopened: boolean } => {
      endMicros += gap;
      const { user = "", db = null } = sessions[session] ?? {};
      return { ...entry, endMicros, threadId: session + 8, user, db, address: "10.0.0.7" };
    });
  });

const writers: [string, () => SlowLogWriter, boolean, boolean][] = [
  ["MySQL", () => new MysqlSlowLogWriter(), true, false],
  ["MySQL with log_slow_extra", () => new MysqlSlowLogWriter({ hasExtra: true }), true, true],
  ["MariaDB", () => new MariadbSlowLogWriter(), false, false],
];

describe("a generated workload", () => {
  it.each(writers)("is read as it was logged by %s, in any chunks", (_, makeWriter, isMysql, hasExtra) => {
    fc.assert(
      fc.property(workload, fc.integer({ min: 1, max: 400 }), (entries, chunk) => {
        const writer = makeWriter();
        const text = entries.map((entry) => (entry.isReopened ? writer.banner() : "") + writer.entry(entry));
        const log = new TextEncoder().encode(writer.banner() + text.join(""));
        const records = parse(log);
        expect(parse(log, {}, chunk)).toEqual(records);
        expect(records.map((record) => record.statement)).toEqual(entries.map((entry) => entry.statement));
        for (const [index, record] of records.entries()) {
          const logged = entries[index] as Logged;
          expect(record).toMatchObject({
            threadId: logged.threadId,
            user: logged.user,
            host: logged.host || logged.address,
            durationMicros: logged.durationMicros,
            lockMicros: logged.lockMicros,
            rowsSent: logged.rowsSent,
            rowsExamined: logged.rowsExamined,
            truncated: false,
          });
          expect(record.rowsAffected).toBe(isMysql ? undefined : logged.rowsAffected);
          expect(record.bytesSent).toBe(isMysql && !hasExtra ? undefined : logged.bytesSent);
          expect(record.errno).toBe(hasExtra ? logged.errno : undefined);
          expect(record.fullScan).toBe(!isMysql && logged.hasPlan ? true : undefined);
          expect(record.tmpTables).toBe(hasExtra ? 3 : !isMysql && logged.hasPlan ? 1 : undefined);
          // Unknown until the server writes it, never another session's.
          if (isMysql) expect([null, logged.db]).toContain(record.db);
          else expect(record.db).toBe(logged.db);
          if (isMysql) expect(record.timeMicros).toBe(logged.endMicros);
          else {
            expect(record.timeMicros).toBeLessThanOrEqual(logged.endMicros);
            expect(record.timeMicros).toBeGreaterThan(logged.endMicros - 1_000_000);
          }
        }
      }),
      { numRuns: 200, seed: 12 },
    );
  });
});
