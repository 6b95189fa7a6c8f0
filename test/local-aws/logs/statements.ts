/** What the made-up clients say: each unit is what one session does without a pause, and what the server logs of it. */
import type { Dice } from "../random.ts";
import type { LogForm } from "./log-format.ts";

/** A record of the general log but for its time and its thread. */
export interface Utterance {
  command: string;
  statement: string;
}

type Unit = (dice: Dice, form: LogForm) => Utterance[];

const NAMES = [
  "Ada",
  "Zoë",
  "Jörg",
  "寿司 太郎",
  "Иван",
  "نور",
  "👩‍💻 dev",
  "O''Brien",
  "back\\\\slash",
  "🍣🍺",
] as const;
const TABLES = ["orders", "`order lines`", "customers", "stock", "größen"] as const;

/** What must not be in a capture in clear: a test can look for it. */
export const GENERATED_PASSWORD = "s3cr3t-Pässwort";

/**
 * The statements of a session that come after one another.
 * @param statements how many Query and Execute records there may be at most; there is always one
 */
export function makeUnit(dice: Dice, form: LogForm, statements: number): Utterance[] {
  const unit = chooseUnit(dice.next())(dice, form);
  return countStatements(unit) <= statements ? unit : select(dice, form);
}

/** How many records count towards the rate: what the client asked for, and not what belongs to it. */
export function countStatements(unit: readonly Utterance[]): number {
  return unit.filter(({ command }) => command === "Query" || command === "Execute").length;
}

/** A single statement of an exact number of bytes, with characters of one to four bytes. */
export function longStatement(dice: Dice, bytes: number): Utterance {
  const start = `INSERT INTO documents (id, body) VALUES (${dice.below(1e6)}, '`;
  const characters = "aé寿🍣";
  const characterBytes = 10;
  const room = Math.max(0, bytes - start.length - 2);
  const filling = characters.repeat(Math.floor(room / characterBytes)) + "x".repeat(room % characterBytes);
  return { command: "Query", statement: `${start}${filling}')` };
}

/** What Amazon's own sessions do. */
export function amazonsStatement(dice: Dice, second: number): Utterance {
  return query(
    dice.pick([
      "SELECT 1",
      "SELECT value FROM mysql.rds_heartbeat2",
      "SELECT count(*) from information_schema.TABLES WHERE TABLE_SCHEMA = 'mysql' AND TABLE_NAME = 'rds_heartbeat2'",
      heartbeat(second * 1000),
    ]),
  );
}

/** What a session of Amazon's does at least every few minutes. */
export const heartbeat = (epochMs: number): string =>
  `INSERT INTO mysql.rds_heartbeat2(id, value) values (1,${epochMs}) ON DUPLICATE KEY UPDATE value = ${epochMs}`;

function chooseUnit(chance: number): Unit {
  if (chance < 0.45) return select;
  if (chance < 0.6) return multiLine;
  if (chance < 0.75) return transaction;
  if (chance < 0.87) return prepared;
  if (chance < 0.93) return commented;
  if (chance < 0.96) return housekeeping;
  return chance < 0.98 ? changeDatabase : account;
}

const select: Unit = (dice) => [
  query(
    dice.pick([
      `SELECT * FROM ${dice.pick(TABLES)} WHERE id = ${dice.below(1e5)}`,
      `SELECT id, name FROM customers WHERE name = '${dice.pick(NAMES)}' LIMIT ${1 + dice.below(50)}`,
      `SELECT COUNT(*) FROM ${dice.pick(TABLES)} WHERE total > ${(dice.next() * 100).toFixed(2)}`,
      `UPDATE stock SET amount = amount - ${dice.below(9)} WHERE sku = 'sku-${dice.below(1e4)}'`,
    ]),
  ),
];

/** Lines that look like the log's own, as near as can be without being so. */
const multiLine: Unit = (dice) => {
  const name = dice.pick(NAMES);
  return [
    query(
      dice.pick([
        `SELECT o.id,\n\t\tc.name\n  FROM orders o\n  JOIN customers c\n\tON c.id = o.customer_id\n\n WHERE c.name = '${name}'`,
        `INSERT INTO notes (body) VALUES ('line one\n261123  5:36:15 is not a record\n2026-11-23T05:36:15Z nor is this\n${name}')`,
        `UPDATE customers\r\n   SET name = '${name}'\r\n WHERE id = ${dice.below(1e5)}`,
        `SELECT 'a\ttab', '\n\t\t     3 Questions\t${name}'`,
      ]),
    ),
  ];
};

const transaction: Unit = (dice) => [
  query(dice.pick(["BEGIN", "START TRANSACTION", "SET autocommit=0"])),
  ...Array.from({ length: 1 + dice.below(4) }, () =>
    query(`UPDATE accounts SET balance = balance + ${dice.below(500)} WHERE id = ${dice.below(1e4)}`),
  ),
  query(dice.pick(["COMMIT", "COMMIT", "ROLLBACK"])),
];

const prepared: Unit = (dice) => {
  const executions = Array.from({ length: 1 + dice.below(3) }, () => ({
    command: "Execute",
    statement: `SELECT name FROM customers WHERE id = ${dice.below(1e5)} AND name <> '${dice.pick(NAMES)}'`,
  }));
  return [
    { command: "Prepare", statement: "SELECT name FROM customers WHERE id = ? AND name <> ?" },
    ...executions,
    { command: "Close stmt", statement: "" },
  ];
};

const commented: Unit = (dice) => [
  query(
    dice.pick([
      `/* trace:${dice.below(1e9).toString(16)} */ SELECT id FROM orders WHERE id = ${dice.below(1e5)}`,
      `-- the nightly report 🌙\nSELECT SUM(total) FROM orders`,
      `# old style\nSELECT ${dice.below(100)} + 1 -- 'quoted?'`,
      `/*!40101 SET NAMES utf8mb4 */`,
    ]),
  ),
];

const housekeeping: Unit = (dice) => [
  dice.pick([
    { command: "Ping", statement: "" },
    { command: "Statistics", statement: "" },
    { command: "Field List", statement: "customers " },
  ]),
  query("SHOW WARNINGS"),
];

/** There and back at once, so that a session's database does not depend on what it said before. */
const changeDatabase: Unit = () => [
  { command: "Init DB", statement: "reports" },
  query("SELECT DATABASE()"),
  { command: "Init DB", statement: "shop" },
];

/** MySQL hides passwords before it logs; MariaDB does not. */
const account: Unit = (dice, form) => {
  const user = `'temp${dice.below(1e4)}'@'10.0.%'`;
  if (form === "mariadb") {
    return [
      query(
        dice.pick([
          `CREATE USER ${user} IDENTIFIED BY '${GENERATED_PASSWORD}'`,
          `alter user ${user} identified by "${GENERATED_PASSWORD}"`,
          `SET PASSWORD FOR ${user} = PASSWORD('${GENERATED_PASSWORD}')`,
          `GRANT SELECT ON shop.* TO ${user}\n  IDENTIFIED BY '${GENERATED_PASSWORD}' WITH GRANT OPTION`,
        ]),
      ),
    ];
  }
  return [
    query(
      dice.pick([
        `CREATE USER ${user} IDENTIFIED WITH 'caching_sha2_password' AS '<secret>'`,
        `ALTER USER ${user} IDENTIFIED WITH 'caching_sha2_password' AS '<secret>'`,
        `SET PASSWORD FOR ${user}=<secret>`,
      ]),
    ),
  ];
};

function query(statement: string): Utterance {
  return { command: "Query", statement };
}
