import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestCacheKey } from "../../src/sql-text/normalize/digest-cache-key.ts";
import { MAY_HOLD_SECRET, mayHoldSecret } from "../../src/sql-text/redact/secret-words.ts";
import { StatementBytes } from "../../src/sql-text/statement-bytes.ts";

const encoder = new TextEncoder();

/** Looks at a statement amid others' bytes. */
function look(statement: string): StatementBytes & { isAscii: boolean } {
  const before = encoder.encode('"x".\n');
  const own = encoder.encode(statement);
  const bytes = new Uint8Array([...before, ...own, ...encoder.encode(";\n# Time")]);
  const at = new StatementBytes();
  const isAscii = at.look(bytes, before.length, before.length + own.length);
  return Object.assign(at, { isAscii });
}

const WORDS = [
  ..."SELECT INSERT replace SET Update WITH delete BEGIN commit GRANT pass pasw pwd _pw identif dentf mysql crypt global_priv".split(
    " ",
  ),
  ..."servers slave_master spider_ sst_auth authentication_s external_ import_binlog connection user change".split(
    " ",
  ),
  ..."master clone execute start slave by ' \" ` ; pwd secret @ # - -- -p /* */ :// \\ \0 \n \t . , ( ) = 1 1e5 0x1F .5 a A".split(
    " ",
  ),
  "create user",
  "ALTER USER",
  "set ps",
  " ",
  " ",
];

const statements = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 3 })), { maxLength: 12 })
  .map((words) => words.join(""));

describe("a statement in the bytes of a log", () => {
  it("may hold a secret wherever its text may", () => {
    fc.assert(
      fc.property(statements, (statement) => {
        if (mayHoldSecret(statement)) expect(look(statement).mayHoldSecret).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it.each(
    MAY_HOLD_SECRET.source
      .replaceAll(/\\b|\\s\*|\[\^\\s\/@\]\*/g, "")
      .replaceAll("\\s+", " ")
      .replaceAll("\\s", " ")
      .split(/[|()?:]+/)
      .filter((word) => /^[a-z_ ]+$/.test(word)),
  )("may hold one after `SELECT` where its text has %j", (word) => {
    const statement = `SELECT '${word.toUpperCase()}' FROM t`;
    expect(look(statement).mayHoldSecret || !mayHoldSecret(statement)).toBe(true);
  });

  it.each([
    "SELECT 1; SET GLOBAL wsrep_sst_auth = 'user:x'",
    "SELECT 1;SET GLOBAL db_pwd = 'x';",
    "INSERT INTO t VALUES ('a;b', 1); SET GLOBAL client_secret = 'x'",
    "INSERT INTO `a;b` VALUES ('it''s; so'); SET GLOBAL client_secret = 'x'",
    // Where a string ends depends on the session's sql_mode.
    "INSERT INTO t VALUES ('\\'; SET GLOBAL client_secret = 'x')",
    "INSERT INTO t VALUES (\"'; SET GLOBAL client_secret = 'x\")",
    "SELECT 'ü'; SET GLOBAL client_secret = 'x'",
  ])("may hold one behind a semicolon, also where others like it came before: %s", (statement) => {
    for (const harmless of [statement.replace(/sst_auth|pwd|secret/g, "other"), statement]) {
      const bytes = look(harmless);
      bytes.learn(bytes.cacheKey());
      expect(bytes.mayHoldSecret).toBe(harmless === statement);
    }
    expect(look(statement).mayHoldSecret).toBe(true);
  });

  it.each([
    "INSERT INTO t VALUES ('ring twice; then wait', 'no secret')",
    "INSERT INTO t VALUES ('it''s; so', 'no secret'); ",
    "UPDATE t SET `a;b` = 'the connection; it broke' WHERE id = 7",
  ])("holds none where what follows a semicolon is in a string or a name: %s", (statement) => {
    expect(mayHoldSecret(statement)).toBe(false);
    const first = look(statement);
    expect(first.mayHoldSecret).toBe(false);
    first.learn(first.cacheKey());
    const again = look(statement);
    expect(again.template).not.toBeNull();
    expect(again.mayHoldSecret).toBe(false);
  });

  it("may be Amazon's heartbeat", () => {
    expect(look("INSERT INTO rds_heartbeat2(id) VALUES (1)").mayHoldSecret).toBe(true);
  });

  it.each([
    "SELECT c FROM t WHERE id = 1",
    "BEGIN",
    "commit",
    "INSERT INTO t VALUES (1, 'a')",
    "SELECT secret FROM t;",
  ])("holds none in %s", (statement) => {
    expect(look(statement)).toMatchObject({ isAscii: true, mayHoldSecret: false, isEscaped: false });
  });

  it("is ASCII, and escaped in JSON, where its text is", () => {
    fc.assert(
      fc.property(fc.oneof(statements, fc.string({ unit: "binary" })), (statement) => {
        const { isAscii, isEscaped } = look(statement);
        const bytes = encoder.encode(statement);
        expect(isAscii).toBe(bytes.every((byte) => byte < 128));
        expect(isEscaped).toBe(bytes.some((byte) => byte < 32 || byte === 34 || byte === 92));
        if (isAscii) expect(JSON.stringify(statement) === `"${statement}"`).toBe(!isEscaped);
      }),
      { numRuns: 3000 },
    );
  });

  it("has the cache key that it has by itself", () => {
    fc.assert(
      fc.property(statements, (statement) => {
        const { bytes, start, end } = look(statement);
        const alone = encoder.encode(`${statement}\0\0`);
        expect(digestCacheKey(bytes, end, start)).toBe(digestCacheKey(alone, alone.length - 2));
      }),
      { numRuns: 5000 },
    );
  });
});
