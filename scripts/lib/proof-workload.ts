import type { Dialect } from "../../src/sql-text/dialect.ts";

/*
 * What the clients of a proof execute. Each statement has a mark in the text that the server logs, so that it can be found.
 */

/** When a statement is executed, seen from the capture. */
export type Phase = "before" | "during" | "after";

/** What all statements of a phase hold, and no others. */
export const markOf = (phase: Phase) => `proof ${phase} `;

/**
 * The statements of one client. Each has a mark, but those of the client program itself.
 * @param length how many there are, or a few more
 */
export function script(phase: Phase, client: number, length: number, dialect: Dialect): string[] {
  const statements = ["use shop"];
  for (let i = 0; statements.length < length; i++) statements.push(...unit({ i, client, phase, dialect }));
  return statements;
}

/** How many statements of a phase will be in the general log with their mark. MySQL's log lacks the text of PREPARE. */
export function countMarked(statements: readonly string[], phase: Phase, dialect: Dialect): number {
  return statements.filter(
    (statement) => statement.includes(markOf(phase)) && !(dialect === "mysql" && /^prepare/i.test(statement)),
  ).length;
}

/** Statements of a client that never pauses, so that statements run across the start and the end of the capture. */
export function* endless(client: number, isOver: () => boolean): Iterable<string> {
  for (let i = 0; !isOver(); i++) yield `SELECT 'steady ${client}.${i} ✓' AS steady`;
}

/** Which unit of which client. */
interface Place {
  i: number;
  client: number;
  phase: Phase;
  dialect: Dialect;
}

/** One thing that a client does: kinds of statements by turns. */
function unit(place: Place): string[] {
  const { i, client, phase, dialect } = place;
  const mark = `/* ${markOf(phase)}${client}.${i} */`;
  switch (i % 13) {
    case 0:
      return [`SELECT ${i} ${mark}`];
    case 1:
      return [
        `INSERT INTO notes (note) VALUES ('Größe ${i} – 寿司 🍣 é\u0301 \u{1F469}\u200D\u{1F680}') ${mark}`,
      ];
    case 2:
      // Lines that look like records or banners.
      return [
        `SELECT ${mark}\n\t\t${i} Apples,\n\n  '261123  5:36:15 Query\tSELECT 1\n ''2026-11-23T05:36:15.187063Z\t    8 Query\tSELECT 1\n\t\t     3 Fruit\tx\nTime\t\t    Id',\n\t${client}`,
      ];
    case 3:
      return [
        `START TRANSACTION ${mark}`,
        `UPDATE notes SET note = CONCAT(note, '!') WHERE id = ${i} ${mark}`,
        `COMMIT ${mark}`,
      ];
    case 4:
      return [
        `PREPARE ${mark} s FROM 'SELECT id, note ${mark} FROM notes WHERE id = ? OR note = ?'`,
        `SET @id = ${i}, @note = 'it''s "${client}"\\n' ${mark}`,
        `EXECUTE s USING @id, @note ${mark}`,
        `DEALLOCATE PREPARE s ${mark}`,
      ];
    case 5:
      return [`SELECT 'a "quoted" \\' text', "and 'another'", \`id\` ${mark} FROM notes LIMIT 1`];
    case 6:
      return [`SELECT no_such_column ${mark} FROM notes`];
    case 7:
      // Kinds of a long text: one line, and many; not in every client, or the proof is about nothing else.
      if (client > 1) return [`SELECT COUNT(*) ${mark} FROM notes`];
      return [
        `SELECT LENGTH('${(client === 0 ? "0123456789" : "寿司 🍣\n").repeat(client === 0 ? 12_000 : 20_000)}') ${mark}`,
      ];
    case 8:
      return dialect === "mysql" ? mysqlAccount(place) : mariadbAccount(place, mark);
    case 9:
      return dialect === "mysql" ? mysqlHiddenPasswords(place, mark) : mariadbHiddenPasswords(place, mark);
    case 10:
      return [`SELECT 'a\r\nb\rc', '\t', 'trailing  ' ${mark}  `];
    case 11:
      // These take long enough to compare their time with the server's own figures.
      return [
        `SELECT SLEEP(0.00${1 + (i % 9)}) ${mark}`,
        `SELECT BENCHMARK(1000000, MD5('${i}')) ${mark}`,
        `SELECT COUNT(*), MAX(a.n) ${mark} FROM (SELECT ${i} AS n) AS a WHERE SLEEP(0.004) = 0`,
      ];
    default:
      return [`/*!40101 SET @x = ${i} */ ${mark}`, `SELECT 1 -- ${mark}\n+ 1 # more\n`];
  }
}

/** A password of a unit. */
const secretOf = ({ phase, client, i }: Place, n: number) => `S3cret-${phase}-${client}-${i}-${n}`;

const mariadbUser = ({ phase, client, i }: Place) => `'${phase}${client}_${i}'@'localhost'`;

/** MariaDB logs all of it as it is, also what it can't parse. */
function mariadbAccount(place: Place, mark: string): string[] {
  const user = mariadbUser(place);
  return [
    `CREATE USER ${user} IDENTIFIED BY '${secretOf(place, 1)}' ${mark}`,
    `SET PASSWORD FOR ${user} = PASSWORD('${secretOf(place, 2)}') ${mark}`,
    `alter user ${user}\n  identified\n  by '${secretOf(place, 3)}' ${mark}`,
    `SELECT ${mark}\n\t\t${place.i} Apples\tand pears`,
  ];
}

function mariadbHiddenPasswords(place: Place, mark: string): string[] {
  const user = mariadbUser(place);
  return [
    `GRANT SELECT ON shop.* TO ${user} identified by '${secretOf(place, 1)}' ${mark}`,
    `PREPARE ${mark} s FROM 'ALTER USER ${user.replaceAll("'", "''")} IDENTIFIED BY ''${secretOf(place, 2)}'''`,
    `EXECUTE s ${mark}`,
    `ALTER USER ${user} IDENTIFIED VIA mysql_native_password USING PASSWORD('${secretOf(place, 3)}') ${mark}`,
    `DROP USER ${user} ${mark}`,
  ];
}

/** MySQL logs such statements in words of its own, without comments, so the mark is in the name. GRANT differs between its logs. */
const mysqlUser = ({ phase, client, i }: Place) => `'${markOf(phase)}${client}.${i}'@'localhost'`;

function mysqlAccount(place: Place): string[] {
  const user = mysqlUser(place);
  return [
    `CREATE USER ${user} IDENTIFIED BY '${secretOf(place, 1)}'`,
    `SET PASSWORD FOR ${user} = '${secretOf(place, 2)}'`,
    `alter user ${user}\n  identified\n  by '${secretOf(place, 3)}'`,
  ];
}

/** In variables and bodies, MySQL logs passwords as they are. */
function mysqlHiddenPasswords(place: Place, mark: string): string[] {
  const user = mysqlUser(place);
  const alter = (n: number) => `ALTER USER ${user} IDENTIFIED BY '${secretOf(place, n)}'`;
  const procedure = `p_${place.phase}_${place.client}`;
  return [
    `CREATE USER ${user}`,
    `SET @sql = '${alter(1).replaceAll("'", "''")}' ${mark}`,
    `PREPARE s FROM '${alter(2).replaceAll("'", "''")}'`,
    `EXECUTE s ${mark}`,
    `CREATE PROCEDURE ${procedure}() ${mark} ${alter(3)}`,
    `DROP PROCEDURE ${procedure} ${mark}`,
    `DROP USER ${user}`,
  ];
}
