import { describe, expect, it } from "vitest";
import {
  AmazonStatements,
  MAX_AMAZON_STATEMENTS,
  NOTHING_OF_AMAZON,
} from "../../src/workload/amazon-statements.ts";

const counted = (statements: [user: string, statement: string][]) => {
  const amazon = new AmazonStatements(NOTHING_OF_AMAZON);
  for (const [at, [user, statement]] of statements.entries()) amazon.add(user, statement, at);
  return amazon.toJSON();
};

describe("the statements of Amazon's own users", () => {
  it("are counted by user and by their normalised form, with their times", () => {
    expect(
      counted([
        ["rdsadmin", "INSERT INTO mysql.rds_heartbeat2(id, value) values (1,1764226042000)"],
        ["rdsproxyadmin", "SELECT 1"],
        ["rdsadmin", "INSERT INTO mysql.rds_heartbeat2(id, value) values (1,1764226342000)"],
        ["rdsadmin", "select 1"],
      ]),
    ).toEqual({
      users: [
        { user: "rdsadmin", statements: 3 },
        { user: "rdsproxyadmin", statements: 1 },
      ],
      statements: [
        expect.objectContaining({
          user: "rdsadmin",
          digest: "INSERT INTO mysql.rds_heartbeat2(id, VALUE) VALUES (?+)",
          count: 2,
          firstMicros: 0,
          lastMicros: 2,
        }),
        expect.objectContaining({ user: "rdsproxyadmin", digest: "SELECT ?", count: 1, firstMicros: 1 }),
        expect.objectContaining({ user: "rdsadmin", digest: "SELECT ?", count: 1, firstMicros: 3 }),
      ],
      others: 0,
    });
  });

  it("do not count comments, nothing, and an EXECUTE, which is logged a second time", () => {
    expect(
      counted([
        ["rdsadmin", "/* rds internal mark */"],
        ["rdsadmin", ""],
        ["rdsadmin", "EXECUTE s USING @a"],
        ["rdsadmin", "EXECUTE s USING @a"],
      ]),
    ).toEqual(NOTHING_OF_AMAZON);
  });

  it("are told apart up to a number, and go on from what was stored", () => {
    const first = counted(
      Array.from({ length: MAX_AMAZON_STATEMENTS + 10 }, (_, i) => ["rdsadmin", `SELECT a${i} FROM t`]),
    );
    const stored = JSON.stringify(first);
    const amazon = new AmazonStatements(JSON.parse(stored));
    amazon.add("rdsadmin", "SELECT a0 FROM t", 900);
    for (const id of [7, 8]) amazon.add("rdsadmin", `SELECT other FROM t WHERE id = ${id}`, 901);
    const now = amazon.toJSON();
    expect(now.users).toEqual([{ user: "rdsadmin", statements: MAX_AMAZON_STATEMENTS + 13 }]);
    expect([now.statements.length, now.others]).toEqual([MAX_AMAZON_STATEMENTS, 12]);
    expect(now.statements[0]).toMatchObject({ count: 2, firstMicros: 0, lastMicros: 900 });
    // What it was made of is not changed: a step that fails is made again from it.
    expect(JSON.stringify(first)).toBe(stored);
  });

  it("have no secrets and a bounded length", () => {
    const { statements } = counted([
      ["rdsadmin", "ALTER USER app IDENTIFIED BY 'MadeUpPassword-1"],
      ["rdsadmin", `SELECT ${Array.from({ length: 900 }, (_, i) => `column_${i}`).join(", ")} FROM t`],
    ]);
    expect(JSON.stringify(statements)).not.toContain("MadeUpPassword");
    expect(statements.map(({ digest }) => digest.length <= 1024)).toEqual([true, true]);
  });

  it("are found again however many keys their texts have", () => {
    const texts = Array.from({ length: 700 }, (_, i) => `SELECT${" ".repeat(i + 1)}1`);
    const { users, statements } = counted([...texts, ...texts].map((text) => ["rdsadmin", text]));
    expect(users).toEqual([{ user: "rdsadmin", statements: 1400 }]);
    expect(statements).toHaveLength(1);
  });
});
