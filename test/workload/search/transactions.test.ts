import { describe, expect, it } from "vitest";
import type { LogName } from "../../../src/logs/names.ts";
import type { Transaction } from "../../../src/workload/search/replies.ts";
import { Transactions, type TransactionsState } from "../../../src/workload/search/transactions.ts";
import { lineOf, type Said } from "./support.ts";

/** The transactions of records that are ten milliseconds apart; a text is a statement's. */
function transactionsOf(session: (string | Partial<Said>)[], log: LogName = "general"): Transaction[] {
  // As it comes out of a cursor, before each record.
  let state: TransactionsState | undefined;
  const all: Transaction[] = [];
  let transactions = new Transactions();
  for (const [index, one] of session.entries()) {
    const said = typeof one === "string" ? { statement: one } : one;
    transactions = new Transactions(state);
    const line = lineOf({ at: index * 10, statement: "", ...said }, log, 2);
    const ended = transactions.see(JSON.parse(line));
    if (ended !== null) all.push(ended);
    state = JSON.parse(JSON.stringify(transactions));
  }
  return transactions.open === null ? all : [...all, transactions.open];
}

const brief = (all: Transaction[]) =>
  all.map(
    ({ outcome, statements, durationMicros }) =>
      `${outcome} of ${statements}${durationMicros === null ? "" : ` in ${durationMicros / 1000} ms`}`,
  );

describe("the transactions of a session", () => {
  it.each<[string, (string | Partial<Said>)[], string[]]>([
    [
      "one that is committed",
      ["BEGIN", "SELECT 1", "UPDATE t SET a = 1", "COMMIT"],
      ["commit of 2 in 30 ms"],
    ],
    ["one that is rolled back", ["START TRANSACTION", "SELECT 1", "ROLLBACK"], ["rollback of 1 in 20 ms"]],
    ["none where statements commit by themselves", ["SELECT 1", "UPDATE t SET a = 1", "COMMIT"], []],
    [
      "one that DDL commits",
      ["BEGIN", "SELECT 1", "ALTER TABLE t ADD b INT"],
      ["implicit commit of 1 in 20 ms"],
    ],
    [
      "one that another one commits",
      ["BEGIN", "SELECT 1", "BEGIN"],
      ["implicit commit of 1 in 20 ms", "open of 0"],
    ],
    ["one that is open", ["BEGIN", "SELECT 1", "SAVEPOINT a", "ROLLBACK TO a"], ["open of 3"]],
    [
      "one after another where they are chained",
      ["BEGIN", "SELECT 1", "COMMIT AND CHAIN", "SELECT 2", "ROLLBACK"],
      ["commit of 1 in 20 ms", "rollback of 1 in 20 ms"],
    ],
    [
      "those that begin by themselves with autocommit off",
      ["SET autocommit=0", "SHOW TABLES", "SELECT 1", "COMMIT", "SELECT 2", "SET autocommit=1", "SELECT 3"],
      ["commit of 1 in 10 ms", "implicit commit of 1 in 10 ms"],
    ],
    [
      "not those that end with what does not change autocommit",
      ["SET autocommit=1", "BEGIN", "SET autocommit=1", "COMMIT"],
      ["commit of 0 in 20 ms"],
    ],
    [
      "one that the end of the session rolls back",
      ["BEGIN", "SELECT 1", { command: "Quit" }],
      ["rollback of 1 in 20 ms"],
    ],
    [
      "one that was cut off, without the time of that",
      ["SET autocommit=0", "SELECT 1", { command: "Connect" }, "SELECT 2", "COMMIT"],
      ["rollback of 1"],
    ],
    ["one that a reset rolls back", ["BEGIN", { command: "Reset Connection" }], ["rollback of 0 in 10 ms"]],
    [
      "statements that were prepared, when they run",
      [
        "BEGIN",
        { command: "Prepare", statement: "COMMIT" },
        { command: "Execute", statement: "SELECT 1" },
        "COMMIT",
      ],
      ["commit of 1 in 30 ms"],
    ],
  ])("are %s", (_, session, expected) => {
    expect(brief(transactionsOf(session))).toEqual(expected);
  });

  it("have the times of the records that began and ended them", () => {
    expect(transactionsOf(["SELECT 1", "BEGIN", "SELECT 2", "COMMIT"])).toEqual([
      {
        begin: "2026-11-23T05:00:00.010007Z",
        end: "2026-11-23T05:00:00.030007Z",
        statements: 1,
        durationMicros: 20_000,
        outcome: "commit",
      },
    ]);
  });

  it("end with a deadlock, and with the end of the session, in the slow log", () => {
    const session = [
      "BEGIN",
      { statement: "UPDATE t SET a = 1", errno: 1213 },
      "BEGIN",
      { statement: "SELECT x", errno: 1054 },
      { statement: "Quit", command: "Administrator command" },
    ];
    expect(brief(transactionsOf(session, "slow"))).toEqual([
      "rollback of 1 in 10 ms",
      "rollback of 1 in 20 ms",
    ]);
  });

  it("are unknown where records are missing in them", () => {
    const transactions = new Transactions({
      autocommit: true,
      open: { beginMicros: 1_795_410_000_000_000, statements: 2 },
    });
    expect(transactions.lose()).toEqual({
      begin: "2026-11-23T05:00:00.000000Z",
      end: null,
      statements: 2,
      durationMicros: null,
      outcome: "unknown",
    });
    expect(transactions.open).toBe(null);
    expect(transactions.lose()).toBe(null);
  });
});
