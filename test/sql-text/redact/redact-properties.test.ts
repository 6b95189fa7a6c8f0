import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactLiterals, redactSecrets } from "../../../src/sql-text/redact/redact.ts";
import { type SessionSettings, UNKNOWN_SETTINGS } from "../../../src/sql-text/session-settings.ts";

/** What stands in every piece of a secret, and nowhere else. */
const MARKER = "zQ7";

/** A client: how it writes a string, and which characters it has. */
interface Client {
  name: string;
  escapes: boolean;
  wide: boolean;
  /** The bytes of characters beyond ASCII, as its character set has them. */
  characters: number[][];
}

const utf8 = (text: string) => [...new TextEncoder().encode(text)];
const CHARACTERS = [
  // The last byte of 誠 in gbk, of 功 in big5 and of 表 in sjis is that of a backslash, that of チ in sjis a backtick's. The third
  // of gbk is UTF-8 as well, but for its backslash.
  { set: "utf8mb4", wide: false, characters: [utf8("é"), utf8("誠"), utf8("😀")] },
  {
    set: "gbk",
    wide: true,
    characters: [
      [0xd5, 0x5c],
      [0xc4, 0xe3],
      [0xe4, 0xbd, 0xa4, 0x5c],
    ],
  },
  {
    set: "big5",
    wide: true,
    characters: [
      [0xa5, 0x5c],
      [0xa4, 0xa4],
    ],
  },
  {
    set: "sjis",
    wide: true,
    characters: [
      [0x95, 0x5c],
      [0x83, 0x60],
      [0x93, 0xfa],
    ],
  },
];
const CLIENTS: Client[] = CHARACTERS.flatMap(({ set, wide, characters }) =>
  [true, false].map((escapes) => ({
    name: `${set}${escapes ? "" : ", NO_BACKSLASH_ESCAPES"}`,
    escapes,
    wide,
    characters,
  })),
);

/** Text as a client holds it: each part is text in ASCII, or the place of one of its characters. */
type Text = (string | number)[];

/** A string literal as the client sends it, in bytes. */
function literal(client: Client, text: Text, quote = "'"): number[] {
  const bytes = text.flatMap((part) => {
    if (typeof part === "number") return client.characters[part % client.characters.length] as number[];
    const doubled = part.replaceAll(quote, quote + quote);
    return utf8(client.escapes ? doubled.replaceAll("\\", "\\\\").replaceAll("\n", "\\n") : doubled);
  });
  return [...utf8(quote), ...bytes, ...utf8(quote)];
}

/** The literal around a statement, which was written as the client writes statements. */
function nested(client: Client, sql: number[]): number[] {
  const out: number[] = [39];
  for (let at = 0; at < sql.length; at++) {
    const byte = sql[at] as number;
    const character = client.characters.find((bytes) => bytes.every((one, i) => sql[at + i] === one));
    if (client.wide && character !== undefined) {
      out.push(...character);
      at += character.length - 1;
    } else if (byte === 39) out.push(39, 39);
    else if (byte === 92 && client.escapes) out.push(92, 92);
    else out.push(byte);
  }
  return [...out, 39];
}

/** As RDS hands it out: UTF-8, and U+FFFD for what is none. */
const logged = (bytes: number[]) => new TextDecoder().decode(Uint8Array.from(bytes));

const join = (...parts: (string | number[])[]): number[] =>
  parts.flatMap((part) => (typeof part === "string" ? utf8(part) : part));

/** Account statements of all servers; `p` is a secret in quotes, `q` another. */
type Form = (p: number[], q: number[]) => number[];
const FORMS: Form[] = [
  (p) => join("CREATE USER a IDENTIFIED BY ", p),
  (p, q) => join("CREATE USER 'a'@'%' IDENTIFIED BY ", p, ", b@localhost IDENTIFIED BY ", q, " ACCOUNT LOCK"),
  (p) => join("create user if not exists a identified with caching_sha2_password by ", p, " require ssl"),
  (p, q) => join("ALTER USER a IDENTIFIED BY ", p, " REPLACE ", q, " RETAIN CURRENT PASSWORD"),
  (p, q) => join("ALTER USER a IDENTIFIED BY ", p, " AND IDENTIFIED WITH x BY ", q),
  (p) => join("CREATE USER a IDENTIFIED WITH p AS ", p),
  (p) => join("CREATE OR REPLACE USER a IDENTIFIED BY PASSWORD ", p),
  (p, q) => join("CREATE USER a IDENTIFIED VIA ed25519 USING PASSWORD(", p, ") OR p USING PASSWORD(", q, ")"),
  (p) => join("GRANT ALL ON *.* TO a@'%' IDENTIFIED BY ", p, " WITH GRANT OPTION"),
  (p) => join("SET PASSWORD = ", p),
  (p) => join("SET PASSWORD FOR a@b = PASSWORD(", p, ")"),
  (p, q) => join("SET PASSWORD FOR a = ", p, " REPLACE ", q),
  (p) => join("CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD=", p, ", MASTER_PORT=3306"),
  (p) => join("CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = ", p, " FOR CHANNEL 'c'"),
  (p) => join("START REPLICA USER='u' PASSWORD=", p),
  (p) => join("START GROUP_REPLICATION USER = 'u',  PASSWORD = ", p),
  (p) => join("CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD ", p, ", PORT 3306)"),
  (p) => join("CLONE INSTANCE FROM u@'h':3306 IDENTIFIED BY ", p),
  (p) => join("CALL mysql.rds_set_external_source('h', 3306, 'u', ", p, ", 'bin.1', 4, 0)"),
  (p) => join("CALL rds_set_external_master('h', 3306, 'u', ", p, ", 'bin.1', 4, 0)"),
  (p) => join("UPDATE mysql.user SET authentication_string = ", p, " WHERE User = 'a'"),
  (p) => join("INSERT INTO mysql.servers VALUES ('s', 'h', 'd', 'u', ", p, ", 0, '', 'mysql', '')"),
  (p) => join("UPDATE mysql.slave_master_info SET User_password = ", p),
  (p) => join("SELECT PASSWORD(", p, "), ENCRYPT('", MARKER, "')"),
  (p) => join("SELECT ed25519_password(", p, ")"),
  (p) => join("SET @password = ", p),
  (p) => join("SELECT @new_password := ", p),
  (p) => join("SELECT ", p, " INTO @password"),
  (p) => join("EXECUTE IMMEDIATE 'SELECT PASSWORD(?)' USING ", p),
  (p) => join("SET @s = CONCAT('SET PASSWORD FOR a = ', QUOTE(", p, "))"),
  (p) => join("SET @s = CONCAT('CREATE USER a IDENTIFIED BY ''', ", p, ", '''')"),
];

/** What a statement is in. */
const AROUND: ((client: Client, sql: number[]) => number[])[] = [
  (_, sql) => sql,
  (client, sql) => join("PREPARE s FROM ", nested(client, sql)),
  (client, sql) => join("EXECUTE IMMEDIATE ", nested(client, sql)),
  (client, sql) => join("SET @q = ", nested(client, sql)),
  (client, sql) => join("SET @q = CONCAT(", nested(client, sql), ", @rest)"),
  (client, sql) => join("INSERT INTO audit (statement) VALUES (", nested(client, sql), ")"),
  (client, sql) => join("PREPARE s FROM ", nested(client, join("EXECUTE IMMEDIATE ", nested(client, sql)))),
  (_, sql) => join("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO ", sql),
  (_, sql) => join("CREATE PROCEDURE p() BEGIN SELECT 1; ", sql, "; END"),
  (_, sql) => join("SELECT 1; ", sql, "; SELECT 2"),
  (_, sql) => join("/*!80000 ", sql, " */"),
];

const client = fc.constantFrom(...CLIENTS);
/** Parts of a secret, each with the marker behind it: none of them may be left. */
const secret: fc.Arbitrary<Text> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "",
        "\\",
        "'",
        '"',
        "`",
        ";",
        " -- ",
        "#",
        "/*",
        "*/",
        ", ",
        " IDENTIFIED BY ",
        "(",
        "\n",
      ),
      fc.nat(2),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.flatMap((part) => [part, MARKER]));
const session = (one: Client): fc.Arbitrary<SessionSettings> =>
  fc.constantFrom<SessionSettings>(
    UNKNOWN_SETTINGS,
    { ...UNKNOWN_SETTINGS, escapes: one.escapes, wide: one.wide },
    // The settings from before the connection was reset, which the log does not show.
    { ...UNKNOWN_SETTINGS, escapes: !one.escapes },
  );

/** The same in each run, so that a failure is due to the change and comes again. To look for more, try other seeds. */
const SEED = 20_261_127;

describe("redacting account statements of all servers", () => {
  it("removes their secrets in every sql_mode and character set, wherever they stand", () => {
    fc.assert(
      fc.property(
        client.chain((one) => fc.tuple(fc.constant(one), session(one))),
        fc.constantFrom(...FORMS),
        fc.constantFrom(...AROUND),
        secret,
        secret,
        ([one, known], form, around, first, second) => {
          const sql = logged(around(one, form(literal(one, first), literal(one, second))));
          const redacted = redactSecrets(sql, known);
          expect(redacted).not.toContain(MARKER);
          expect(redactSecrets(redacted, known)).toBe(redacted);
        },
      ),
      { numRuns: 3000, seed: SEED },
    );
  });

  it("removes a password that reads like a statement, also if only the name of a variable behind it says that it is one", () => {
    // The second bytes of two characters of sjis are a backslash and a backtick; what is known of the session is stale.
    const sql = "SELECT '\ufffd\\zQ7\ufffd`zQ7\ufffd`zQ7 IDENTIFIED BY zQ7' INTO @password";
    expect(redactSecrets(sql, { ...UNKNOWN_SETTINGS, escapes: false })).toBe("SELECT '<secret>' <secret>");
    expect(redactSecrets(sql)).toBe("SELECT <secret> INTO @password");
  });

  it("removes them from statements with typing mistakes", () => {
    const quoted = `'${MARKER}'`;
    const mistake = fc.constantFrom<(sql: string) => string>(
      (sql) => sql.replace(quoted, MARKER),
      (sql) => sql.replace(quoted, `${MARKER}@word!`),
      (sql) => sql.replace(quoted, `'${MARKER}'${MARKER}'`),
      (sql) => sql.replace(quoted, `'${MARKER}', ${MARKER}'`),
      (sql) => sql.replace(quoted, `'${MARKER}`),
      (sql) => sql.replace(quoted, `${MARKER}'`),
      (sql) => sql.replace(` ${quoted}`, `\u00a0${quoted}`),
      (sql) => sql.replace(" BY ", " "),
      (sql) => sql.replace("IDENTIFIED", "IDENTIFED"),
      (sql) => sql.replace("IDENTIFIED", "INDENTIFIED"),
      (sql) => sql.replace("IDENTIFIED BY", "IDENTIFIED"),
      (sql) => sql.replace("IDENTIFIED BY", "PASSWORD"),
      (sql) => sql.replace("PASSWORD", "PASWORD"),
      (sql) => sql.replace(/ ?= ?/, " "),
      (sql) => sql.replace("USER", "USERS"),
      (sql) => sql.replace(" TO ", " "),
    );
    const statement = fc.constantFrom(
      `CREATE USER a IDENTIFIED BY ${quoted}`,
      `ALTER USER 'a'@'%' IDENTIFIED BY ${quoted} ACCOUNT UNLOCK`,
      `CREATE USER a IDENTIFIED WITH p BY ${quoted}`,
      `GRANT ALL ON *.* TO a IDENTIFIED BY ${quoted} REQUIRE SSL`,
      `SET PASSWORD = ${quoted}`,
      `SET PASSWORD FOR a = ${quoted}`,
      `SET PASSWORD FOR 'a'@'%' = PASSWORD(${quoted})`,
      `CHANGE MASTER TO MASTER_PASSWORD = ${quoted}, MASTER_PORT = 1`,
      `START SLAVE USER = 'u' PASSWORD = ${quoted}`,
    );
    fc.assert(
      fc.property(statement, mistake, (sql, mistaken) => {
        expect(redactSecrets(mistaken(sql))).not.toContain(MARKER);
      }),
      { numRuns: 1000, seed: SEED },
    );
  });
});

/** What applications write that sounds of accounts: no account statement is whole in it. */
const PHRASES = [
  "Species were identified by DNA sequencing",
  "identified by",
  "IDENTIFIED BY",
  "the password",
  "password: see below",
  "forgot password?",
  "-pages 3",
  "it's",
  '"quoted"',
  "C:\\dir\\",
  "create a user",
  "grant applications",
  "master plan",
  "connection://lost",
  "mysql and mariadb",
  "\n",
  "ends in a backslash\\",
  "`",
  "-- no comment",
  "5 > 3; /* and so on",
];

const phrase: fc.Arbitrary<Text> = fc.array(fc.oneof(fc.constantFrom(...PHRASES), fc.nat(2)), {
  maxLength: 4,
});

/** An application's statements, of which `s` and `t` are strings. */
const APPLICATION: Form[] = [
  (s, t) => join("INSERT INTO users (name, password) VALUES (", s, ", ", t, ")"),
  (s, t) => join("UPDATE users SET password = ", s, ", identified = ", t, " WHERE id = 5"),
  (s, t) => join("SELECT id, identified FROM user WHERE password = ", s, " AND pw <> ", t),
  (s, t) => join("SELECT identified AS by_whom, ", s, " FROM mysql_servers ORDER BY identified, ", t),
  (s, t) => join("REPLACE INTO password_resets SET password = ", s, ", note = ", t),
  (s, t) =>
    join("SELECT CONCAT(name, ' identified by ', author), ", s, " FROM bodies WHERE a IN (", t, ", 'x')"),
  (s, t) => join("SET STATEMENT max_statement_time=10 FOR UPDATE acc SET password=", s, ", note=", t),
  (s, t) => join("INSERT INTO t VALUES (1, ", s, ") ON DUPLICATE KEY UPDATE password = ", t),
  (s, t) => join("CALL change_note(", s, ", ", t, ")"),
  (s, t) => join("EXECUTE IMMEDIATE 'UPDATE users SET password = ? WHERE id = ?' USING ", s, ", ", t),
];

describe("redacting an application's statements", () => {
  const utf8Client = fc.constantFrom(...CLIENTS.filter(({ wide }) => !wide));

  it("leaves them as they are, whatever their strings say", () => {
    fc.assert(
      fc.property(utf8Client, fc.constantFrom(...APPLICATION), phrase, phrase, (one, form, first, second) => {
        const sql = logged(form(literal(one, first), literal(one, second)));
        const known = { ...UNKNOWN_SETTINGS, escapes: one.escapes, wide: false };
        for (const session of [known, UNKNOWN_SETTINGS]) expect(redactSecrets(sql, session)).toBe(sql);
      }),
      { numRuns: 2000, seed: SEED },
    );
  });

  it("removes all data with the literals, whether or not the session's sql_mode is known", () => {
    fc.assert(
      fc.property(
        client.chain((one) => fc.tuple(fc.constant(one), session(one))),
        fc.constantFrom(...APPLICATION),
        secret,
        secret,
        ([one, known], form, first, second) => {
          const sql = logged(form(literal(one, first), literal(one, second)));
          expect(redactLiterals(sql, known)).not.toContain(MARKER);
        },
      ),
      { numRuns: 3000, seed: SEED },
    );
  });

  it("keeps the rest of the text with the literals removed, where only one rule of quotes makes sense", () => {
    fc.assert(
      fc.property(utf8Client, phrase, phrase, (one, first, second) => {
        const sql = (s: string | number[], t: string | number[]) =>
          logged(join("INSERT INTO users (name, password) VALUES (", s, ", ", t, ", 5)"));
        const known = { ...UNKNOWN_SETTINGS, escapes: one.escapes, wide: false };
        expect(redactLiterals(sql(literal(one, first), literal(one, second)), known)).toBe(
          "INSERT INTO users (name, password) VALUES (?, ?, ?)",
        );
      }),
      { numRuns: 1000, seed: SEED },
    );
  });
});
