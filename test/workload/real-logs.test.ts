import { describe, expect, it } from "vitest";
import { Digests } from "../../src/workload/digest.ts";
import { LogParser } from "../../src/workload/parser.ts";
import { REAL_LOGS } from "./real-logs.ts";

describe("logs that real servers wrote", () => {
  it("are read to the last record", () => {
    const records = REAL_LOGS.map(([name, log]) => {
      const parser = new LogParser();
      return [name, parser.push(log).length + parser.end().length];
    });
    expect(records).toEqual([
      ["general-mariadb-10.11.19.log", 351],
      ["general-mariadb-11.8.9.log", 350],
      ["general-mysql-9.7.4.log", 359],
    ]);
  });

  it("have a digest for each kind of statement, whatever values were bound", () => {
    for (const [name, log] of REAL_LOGS) {
      const parser = new LogParser();
      const digests = new Digests();
      for (const record of [...parser.push(log), ...parser.end()]) digests.add(record, parser.format);
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
});
