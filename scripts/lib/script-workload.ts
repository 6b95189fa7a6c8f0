import { type Connection, createConnection } from "mysql2/promise";

/* Statements that are hard to write into a file of SQL. Each row says by its text what it should be. */

/** The tables, empty. */
export const SCHEMAS = ["hard", "hard_too"]
  .map(
    (name) =>
      `DROP DATABASE IF EXISTS ${name}; CREATE DATABASE ${name}; CREATE TABLE ${name}.t (id INT PRIMARY KEY, s LONGTEXT);`,
  )
  .join("\n");
/** The tables' names. */
export const TABLES = ["hard.t", "hard_too.t"];
/** The row of a statement that is longer than what is stored of one. */
export const LONG_ROW = "hard.t 900";
/**
 * The rows that MySQL's slow log makes nobody make again: their session begins with the database that the log has named last, so that the
 * log does not name it, as it names none of a session without one.
 */
export const NAMELESS_ROWS = ["hard.t 700", "hard.t 701"];
/** What programs that were run would leave. */
export const RAN = "ran-by-the-client";

const insert = (id: number, literal: string) => `INSERT INTO t VALUES (${id}, ${literal})`;

/** Texts as literals, as SQL has them if a backslash escapes. */
const LITERALS = [
  "'it''s'",
  "'it\\'s'",
  "'a\\\\'",
  '"say \\"x\\", it\'s"',
  "'a\nb\r\nc\rd'",
  "'a\\\nb'",
  "'nul\0 x'",
  "'\u2028\u2029\u0085\uFEFF 🍣 寿司 \uFFFD e\u0301'",
  "'*/ -- # /* ;; ; ? $$'",
  "'\ndelimiter $$\nx'",
  `'\nsystem touch ${RAN}\n'`,
  `'\\\\', ' \\\\! touch ${RAN}'`.replace("', '", " "),
  "''",
  `'${"0123456789 寿".repeat(15_000)}'`,
];

/** Statements of any form that make a row. */
const FORMS = (id: number) => [
  `${insert(id, "'x'")} -- it's`,
  `${insert(id + 1, "'x'")} # it's`,
  `/* it's */ INSERT /*! INTO */ t VALUES (${id + 2}, 'x') /* ;; */`,
  `-- it's\n${insert(id + 3, "'x'")}`,
  `${insert(id + 4, "'x'")}; ${insert(id + 5, "'y'")};`,
  `INSERT INTO t SELECT ${id + 6}, \`delimiter\`\nFROM (SELECT 'x' AS \`delimiter\`) AS tee\nWHERE 1`,
  `INSERT INTO t SELECT ${id + 7}, status FROM (SELECT\n'x' AS\nstatus\n) AS help`,
  `\t \n${insert(id + 8, "'x'")}\n`,
];

/** What a client would take for commands of its own, and what is no SQL. All of it fails. */
export const REFUSED = [
  `\\! touch ${RAN}`,
  `system touch ${RAN}`,
  `/* x */ system touch ${RAN}`,
  `/*! */ system touch ${RAN}`,
  `-- x\nsystem touch ${RAN}`,
  `SELECT 1\n;\nsystem touch ${RAN}`,
  `SELECT 1\nsystem touch ${RAN}\n`,
  `tee ${RAN}`,
  `SELECT 1 \\T ${RAN}`,
  "SELECT '",
  "SELECT /* ",
  "delimiter //",
  "SELECT 1 --\u0001'",
  "SELECT `a\\`, '",
  "SELECT /*! /* x */ 1 */ '",
  "quit",
  "?",
];

/** Runs them: each session in the server's order, one session after the other. */
export async function hardSessions(socketPath: string): Promise<void> {
  const session = async (run: (connection: Connection) => Promise<void>, database = "hard") => {
    const options = { socketPath, user: "root", database, charset: "utf8mb4", multipleStatements: true };
    const connection = await createConnection(options);
    await run(connection);
    await connection.end();
  };
  const refused = (error: { code?: string }) => {
    if (!/^ER_/.test(error.code ?? "")) throw error;
  };
  await session(async (one) => {
    for (const [i, literal] of LITERALS.entries()) await one.query(insert(100 + i, literal));
    for (const statement of FORMS(200)) await one.query(statement);
    await one.query(insert(900, `'${"long ".repeat(210_000)}'`));
  });
  await session(async (one) => {
    for (const statement of REFUSED) await one.query(statement).catch(refused);
    await one.query(insert(300, "'still here'"));
  });
  await session(async (one) => {
    await one.execute("INSERT INTO t VALUES (?, ?)", [400, 'it\'s \\ "x" \0\n🍣']);
    await one.query("PREPARE s FROM 'INSERT INTO t VALUES (?, ?)'");
    await one.query("SET @id = 401, @s = 'it''s \\\\'");
    await one.query("EXECUTE s USING @id, @s");
    await one.query("DEALLOCATE PREPARE s");
    await one.query("START TRANSACTION");
    await one.query(insert(402, "'rolled back'"));
    await one.query("ROLLBACK");
    await one.query("USE hard_too");
    await one.query(insert(403, "'used'"));
    await one.changeUser({ database: "hard" });
    await one.query(insert(404, "'changed'"));
  });
  await session((one) => one.query(insert(500, "'too'")).then(() => undefined), "hard_too");
  await session(async (one) => {
    await one.query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'");
    await one.query(insert(600, "'C:\\'"));
    await one.query(insert(601, `'C:\\'), (602, ' \\! touch ${RAN} '), (603, '\\'`));
    await one.query("SET sql_mode = 'ANSI_QUOTES'");
    await one.query("INSERT INTO \"t\" VALUES (604, 'it\\'s')");
    await one.query("SET sql_mode = DEFAULT");
  });
  await session(async (one) => {
    await one.query("SET NAMES latin1");
    await one.query(insert(700, "'plain'"));
    await one.query("SET NAMES utf8mb4");
    await one.query(insert(701, "'é寿'"));
  });
}
