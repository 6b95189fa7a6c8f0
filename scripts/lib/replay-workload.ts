import mysql2 from "mysql2/promise";

/*
 * What the clients of the proof of replays execute: several at once, each session with rows of its own, so that the end is the same
 * in whatever order sessions run. Texts, prepared statements, transactions that commit and that don't, two databases.
 */

/** The tables and their first rows, for the recorded server and its copies. */
export const SCHEMA = `
  DROP DATABASE IF EXISTS shop; DROP DATABASE IF EXISTS stock;
  CREATE DATABASE shop; CREATE DATABASE stock;
  CREATE TABLE shop.orders (
    owner INT, id INT, total DECIMAL(12,4), ratio DOUBLE, note TEXT, placed DATETIME(6), data VARBINARY(100), PRIMARY KEY (owner, id)
  ) DEFAULT CHARSET utf8mb4;
  CREATE TABLE shop.notes (owner INT, id INT, text VARCHAR(200), PRIMARY KEY (owner, id)) DEFAULT CHARSET utf8mb4;
  CREATE TABLE stock.items (owner INT, id INT, amount BIGINT, PRIMARY KEY (owner, id));
  INSERT INTO stock.items SELECT a.n, b.n, 1000 FROM
    (SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5) a,
    (SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7) b;
`;
/** The tables whose contents are compared. */
export const TABLES = ["shop.orders", "shop.notes", "stock.items"];
/** How many clients there are. */
export const CLIENTS = 6;

const NOTES = [
  'it\'s "quoted"',
  "back\\slash\nand line",
  "寿司 🍣 Größe",
  "",
  "'); DROP TABLE orders; -- ",
  "100 % _",
];

/**
 * Runs one client, session after session, until the time is over.
 * @param pauseMs how long it waits between statements, on average
 * @returns how many statements it executed
 */
export async function runClient(
  options: { socketPath: string },
  client: number,
  untilMillis: number,
  pauseMs: number,
): Promise<number> {
  let statements = 0;
  for (let session = 0; Date.now() < untilMillis; session++) {
    const connection = await mysql2.createConnection({ ...options, user: "root", database: "shop" });
    const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())));
    const run = async (sql: string, values: unknown[] = []) => {
      statements++;
      await pause();
      const prepared = values.length > 0;
      await (prepared ? connection.execute(sql, values as never) : connection.query(sql)).catch(
        () => undefined,
      );
    };
    // Else InnoDB locks the gaps between rows too, which are everybody's.
    await run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    const place = { client, owner: 1000 * (client + 1) + session };
    for (let i = 0; i < 12 && Date.now() < untilMillis; i++) await unit(run, place, i);
    await connection.end();
  }
  return statements;
}

type Run = (sql: string, values?: unknown[]) => Promise<void>;

/** Whose rows are changed: those of the session, and sums that all sessions of a client add to. */
interface Place {
  client: number;
  owner: number;
}

/** One thing that a session does: kinds by turns. */
async function unit(run: Run, { client, owner }: Place, i: number): Promise<void> {
  const note = NOTES[i % NOTES.length] as string;
  const escaped = note.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n");
  switch (i % 6) {
    case 0:
      await run(
        "INSERT INTO orders (owner, id, total, ratio, note, placed, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
          owner,
          i,
          `${i}.1250`,
          i / 3,
          note,
          i % 4 === 0 ? null : `2026-11-28 10:00:${String(i % 60).padStart(2, "0")}.250000`,
          Buffer.from(`abc\0\n'"${i}`),
        ],
      );
      await run("SELECT * FROM orders WHERE owner = ? AND id <= ? AND note <=> ?", [owner, i, note]);
      break;
    case 1:
      await run("START TRANSACTION");
      await run(`INSERT INTO notes VALUES (${owner}, ${i}, '${escaped}') /* ; */`);
      await run(`UPDATE stock.items SET amount = amount - ${i} WHERE owner = ${client} AND id = ${i % 8}`);
      await run("COMMIT");
      break;
    case 2:
      await run("BEGIN");
      await run("UPDATE orders SET total = total * ? WHERE owner = ?", [1.5, owner]);
      await run("SAVEPOINT a");
      await run(`DELETE FROM notes WHERE owner = ${owner}`);
      await run("ROLLBACK TO SAVEPOINT a");
      await run(i % 4 === 0 ? "ROLLBACK" : "COMMIT");
      break;
    case 3:
      await run("USE stock");
      await run(
        `INSERT INTO items VALUES (${owner}, ${100 + i}, ${i}) ON DUPLICATE KEY UPDATE amount = amount + 1`,
      );
      await run("UPDATE items SET amount = amount + ? WHERE owner = ? AND id = ?", [
        9007199254740993n,
        owner,
        100 + i,
      ]);
      await run("USE shop");
      break;
    case 4:
      await run("SET autocommit = 0");
      await run(`UPDATE notes SET text = CONCAT(text, '✓') WHERE owner = ${owner}`);
      // With the next SET it commits.
      await run("SET autocommit = 1");
      await run(`SELECT no_such_column FROM orders`);
      break;
    default:
      await run(`SET @n = ${owner}`);
      await run("PREPARE s FROM 'SELECT COUNT(*) FROM orders WHERE owner = ?'");
      await run("EXECUTE s USING @n");
      await run("DEALLOCATE PREPARE s");
      await run("PREPARE s FROM 'SELECT no_such_column FROM orders'");
      await run(`INSERT INTO notes VALUES (${owner}, 0, 'duplicate'), (${owner}, 0, 'duplicate')`);
      await run("SELECT SLEEP(0.01)");
  }
}
