import { describe, expect, it } from "vitest";
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
});
