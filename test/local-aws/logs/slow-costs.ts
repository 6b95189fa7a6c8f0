/** What the made-up statements cost: plausible, and nothing else. */
import type { Dice } from "../random.ts";

/** What a statement costs a server. Times are in microseconds. */
export interface Cost {
  durationMicros: number;
  /** How long it waited for a row lock: in its duration on every server, in the Lock_time of MySQL alone. */
  rowLockMicros: number;
  /** How long it waited for table locks and, on MariaDB, for its tables to be opened. */
  tableLockMicros: number;
  rowsSent: number;
  rowsExamined: number;
  rowsAffected: number;
  /** The number of the error that it ended with; 0 for none. */
  errno: number;
  fullScan: boolean;
  filesort: boolean;
  tmpTables: number;
  tmpDiskTables: number;
}

const DUPLICATE_KEY = 1062;
const LOCK_WAIT_TIMEOUT = 1205;
const DEADLOCK = 1213;

/** How many of the updates wait for a row that somebody else has. */
const LOCK_CHANCE = 0.02;

/** What one execution of a statement costs. */
export function costOf(statement: string, dice: Dice): Cost {
  if (/^(BEGIN|START|SET|ROLLBACK|SHOW|\/\*!)/.test(statement)) return cost(spread(dice, 20, 90));
  if (/^COMMIT/.test(statement)) return cost(spread(dice, 300, 6_000));
  if (/^(UPDATE|INSERT)/.test(statement)) return writing(statement, dice);
  if (/^(CREATE|ALTER|alter|GRANT|SET PASSWORD)/.test(statement)) return cost(spread(dice, 900, 9_000));
  if (/\b(COUNT|SUM)\(/i.test(statement)) return reporting(statement, dice);
  if (/\bJOIN\b/.test(statement)) return joining(dice);
  const rows = / FROM /.test(statement) ? 1 + dice.below(/ LIMIT /.test(statement) ? 20 : 2) - 1 : 1;
  return {
    ...cost(spread(dice, 60, 700)),
    rowsSent: rows,
    rowsExamined: / LIMIT /.test(statement) ? rows * 3 : rows,
  };
}

/** What a command costs that is no statement. @param rows those that its entry says: the ones of the statement before it */
export function costOfCommand(
  command: string,
  dice: Dice,
  rows: Pick<Cost, "rowsSent" | "rowsExamined">,
): Cost {
  // Most pings take less than a microsecond, and so are not longer than a threshold of 0.
  const isUnseen = command === "Ping" && dice.next() < 0.65;
  const own = cost(command === "Ping" ? 1 + dice.below(3) : spread(dice, 4, 150));
  return { ...own, ...rows, tableLockMicros: 0, ...(isUnseen ? { durationMicros: 0 } : {}) };
}

function writing(statement: string, dice: Dice): Cost {
  const own = spread(dice, 150, 2_500) + statement.length / 100;
  const isUpdate = statement.startsWith("UPDATE");
  const rowLockMicros = isUpdate && dice.next() < LOCK_CHANCE ? spread(dice, 20_000, 3_000_000) : 0;
  let errno = 0;
  if (rowLockMicros > 1_000_000) errno = LOCK_WAIT_TIMEOUT;
  else if (rowLockMicros > 0 && dice.next() < 0.2) errno = DEADLOCK;
  else if (!isUpdate && dice.next() < 0.02) errno = DUPLICATE_KEY;
  const rowsAffected = errno === 0 ? 1 : 0;
  return { ...cost(own + rowLockMicros), rowLockMicros, rowsExamined: isUpdate ? 1 : 0, rowsAffected, errno };
}

/** Reads a table as a whole: the larger it is, the longer. */
function reporting(statement: string, dice: Dice): Cost {
  const rowsExamined = Math.round(spread(dice, 5_000, 900_000));
  const isSorted = statement.includes("SUM");
  return {
    ...cost(rowsExamined * (0.8 + dice.next())),
    rowsSent: 1,
    rowsExamined,
    fullScan: true,
    filesort: isSorted,
    tmpTables: isSorted ? 1 : 0,
    tmpDiskTables: isSorted && rowsExamined > 400_000 ? 1 : 0,
  };
}

function joining(dice: Dice): Cost {
  const rowsExamined = Math.round(spread(dice, 50, 20_000));
  return {
    ...cost(200 + rowsExamined * 1.5),
    rowsSent: Math.ceil(rowsExamined / 40),
    rowsExamined,
    filesort: true,
    tmpTables: 1,
  };
}

function cost(micros: number): Cost {
  const durationMicros = Math.max(1, Math.round(micros));
  return {
    durationMicros,
    rowLockMicros: 0,
    tableLockMicros: Math.min(Math.floor(durationMicros * 0.3), 40 + (durationMicros % 50)),
    rowsSent: 0,
    rowsExamined: 0,
    rowsAffected: 0,
    errno: 0,
    fullScan: false,
    filesort: false,
    tmpTables: 0,
    tmpDiskTables: 0,
  };
}

/** A number between two others, many small and few large: its logarithm is spread evenly. */
function spread(dice: Dice, least: number, most: number): number {
  return Math.round(least * (most / least) ** dice.next());
}
