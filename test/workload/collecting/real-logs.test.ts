import { describe, expect, it } from "vitest";
import { GENERAL } from "../../../src/logs/general/kind.ts";
import { LogParser } from "../../../src/logs/general/parser.ts";
import type { LogSource } from "../../../src/logs/reader.ts";
import { Digests } from "../../../src/workload/digest.ts";
import { TestFollower } from "../support.ts";
import { REAL_LOGS, REAL_PASSWORDS } from "./real-logs.ts";

function records(log: Uint8Array) {
  const parser = new LogParser();
  return [...parser.push(log), ...parser.end()];
}

/** An instance whose live log is this one. */
function sourceOf(log: Uint8Array): LogSource {
  return {
    kind: GENERAL,
    list: async () => ({
      ok: true,
      value: [{ name: "general/mysql-general.log", lastWritten: Date.UTC(2026, 10, 28), size: log.length }],
    }),
    portion: async (_, marker) => ({
      ok: true,
      value: { data: marker === "0" ? log : new Uint8Array(0), marker: "1", pending: false },
    }),
  };
}

/** What MariaDB logged of account statements, and what is left of it. */
const ACCOUNTS = [
  "CREATE USER 'shop_app'@'%' IDENTIFIED BY <secret>",
  "CREATE USER 'shop_ro'@'%' IDENTIFIED BY <secret>",
  "GRANT SELECT ON shop.* TO 'reporting'@'%' IDENTIFIED BY <secret>",
  "CREATE USER 'batch'@'%' IDENTIFIED VIA ed25519 USING PASSWORD(<secret>) OR mysql_native_password USING PASSWORD(<secret>)",
  "SET PASSWORD FOR 'reporting'@'%' = PASSWORD(<secret>)",
  "EXECUTE IMMEDIATE \"ALTER USER 'reporting'@'%' IDENTIFIED BY <secret>\"",
  "ALTER USER 'reporting'@'%' IDENTIFIED BY <secret>",
  "ALTER USER 'reporting'@'%' IDENTIFIED BY <secret>",
  "ALTER USER 'shop_app'@'%' IDENTIFIED BY <secret>",
  "CHANGE MASTER TO MASTER_HOST='db.example.com', MASTER_USER='repl', MASTER_PASSWORD=<secret>",
  "CREATE USER tippfehler <secret>",
  "SET PASSWORD FOR reporting = <secret>",
  "PREPARE p1 FROM 'ALTER USER ''shop_ro''@''%'' IDENTIFIED BY <secret>'",
  "ALTER USER 'shop_ro'@'%' IDENTIFIED BY <secret>",
  "ALTER USER 'shop_ro'@'%' IDENTIFIED BY <secret>",
  "CREATE SERVER fed FOREIGN DATA WRAPPER mysql OPTIONS (HOST '10.0.0.9', USER 'fed', PASSWORD <secret>, DATABASE 'shop', PORT 3306)",
];

describe("logs that real servers wrote", () => {
  it("are parsed to the last record", () => {
    expect(REAL_LOGS.map(([name, log]) => [name, records(log).length])).toEqual([
      ["general-mariadb-10.11.19.log", 351],
      ["general-mariadb-11.8.9.log", 350],
      ["general-mysql-9.7.4.log", 359],
    ]);
  });

  it("have a digest for each kind of statement, whatever values were bound", () => {
    for (const [name, log] of REAL_LOGS) {
      const parser = new LogParser();
      const digests = new Digests();
      for (const record of [...parser.push(log), ...parser.end()]) digests.add(record, parser.dialect);
      const counts = Object.fromEntries(digests.top(1000).map(({ digest, count }) => [digest, count]));
      expect(counts, name).toMatchObject({
        // Bound times are TIMESTAMP'..' in MariaDB's logs, and some values are NULL.
        "SELECT o.id FROM orders o WHERE o.placed_at IN (?+)": 10,
        "INSERT INTO orders(customer_id, total, items, placed_at, picture) VALUES (?+)": 60,
        "INSERT INTO customers(name, email, password, note) VALUES (?+)": 10,
        "INSERT INTO orders(customer_id, total, placed_at) VALUES (?+)": 3,
        "SELECT name FROM customers WHERE id = ? AND note <=> ?": 2,
        "CALL place_order(?+)": 9,
        "ALTER USER ?@? IDENTIFIED BY ?": name.includes("mysql") ? 2 : 3,
      });
      expect(Object.keys(counts).filter((digest) => digest === "" || digest.startsWith("EXECUTE"))).toEqual(
        [],
      );
    }
  });

  it.each(REAL_LOGS)("%s is stored without its passwords, and otherwise unchanged", async (name, log) => {
    const window = { start: Date.UTC(2026, 10, 27), end: null };
    const follower = await new TestFollower(sourceOf(log), window).begin(true);
    await follower.catchUp();
    const stored = await follower.statements();
    for (const password of REAL_PASSWORDS) {
      expect(stored.filter((statement) => statement.includes(password))).toEqual([]);
    }
    const raw = records(log).map(({ statement }) => statement);
    // A record is complete when the next begins.
    expect(stored.length).toBe(raw.length - 1);
    const changed = stored.filter((statement, i) => statement !== raw[i]);
    // MySQL writes account statements without their passwords itself.
    expect(changed).toEqual(name.includes("mysql-") ? [] : ACCOUNTS);
  });
});
