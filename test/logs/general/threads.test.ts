import { describe, expect, it } from "vitest";
import type { Command } from "../../../src/logs/general/commands.ts";
import { parseConnect, Threads } from "../../../src/logs/general/threads.ts";
import type { LogRecord } from "../../../src/logs/record.ts";

const record = (threadId: number, command: Command, statement = ""): LogRecord => ({
  timeMicros: 0,
  threadId,
  command,
  statement,
  truncated: false,
  start: 0,
  end: 0,
});

describe("a Connect record", () => {
  it.each([
    ["app@10.0.0.7 on shop using TCP/IP", { user: "app", host: "10.0.0.7", db: "shop" }],
    [
      "app@ip-10-0-0-7.ec2.internal on shop using SSL/TLS",
      { user: "app", host: "ip-10-0-0-7.ec2.internal", db: "shop" },
    ],
    ["root@localhost on  using Socket", { user: "root", host: "localhost", db: null }],
    ["root@localhost on shop", { user: "root", host: "localhost", db: "shop" }],
    ["root@localhost on ", { user: "root", host: "localhost", db: null }],
    ["root@localhost as anonymous on ", { user: "root", host: "localhost", db: null }],
    ["app@h as other on shop using TCP/IP", { user: "app", host: "h", db: "shop" }],
    ["@localhost on  using Socket", { user: "", host: "localhost", db: null }],
    ["a@b@h on d using Named Pipe", { user: "a@b", host: "h", db: "d" }],
    ["on on@h on on using Shared Memory", { user: "on on", host: "h", db: "on" }],
    ["app@2001:db8::7 on my db using TCP/IP", { user: "app", host: "2001:db8::7", db: "my db" }],
  ])("says who connects: %s", (statement, identity) => {
    expect(parseConnect(statement)).toEqual(identity);
  });

  it("may have the longest names that a server accepts", () => {
    const [user, host, db] = ["😀".repeat(128), "h".repeat(255), "😀".repeat(64)];
    expect(parseConnect(`${user}@${host} on ${db} using SSL/TLS`)).toEqual({ user, host, db });
  });

  it.each([
    ["user", `${"u".repeat(257)}@h on d using TCP/IP`],
    ["host", `u@${"h".repeat(256)} on d using TCP/IP`],
    ["database", `u@h on ${"d".repeat(129)} using TCP/IP`],
  ])(
    "with a longer name of a %s is a line of a statement that looks like one, and says nothing",
    (_, text) => {
      expect(parseConnect(text)).toBeNull();
    },
  );

  it("of another form is not read", () => {
    expect(parseConnect("Got an error reading communication packets")).toBeNull();
    expect(parseConnect("")).toBeNull();
  });
});

describe("the thread table", () => {
  it("gives every record of a thread the user of its Connect, until it quits", () => {
    const threads = new Threads();
    const app = { user: "app", host: "h", db: "shop" };
    expect(threads.see(record(8, "Query"))).toBeNull();
    expect(threads.see(record(8, "Connect", "app@h on shop using TCP/IP"))).toEqual(app);
    expect(threads.see(record(8, "Query"))).toEqual(app);
    expect(threads.see(record(9, "Query"))).toBeNull();
    expect(threads.see(record(8, "Init DB", "other"))).toEqual({ ...app, db: "other" });
    expect(threads.see(record(8, "Change user", "root@h on  using TCP/IP"))).toEqual({
      user: "root",
      host: "h",
      db: null,
    });
    expect(threads.see(record(8, "Quit"))).toMatchObject({ user: "root" });
    expect(threads.see(record(8, "Query"))).toBeNull();
    expect(threads.size).toBe(0);
  });

  it("ignores a database whose name is longer than names can be", () => {
    const threads = new Threads();
    threads.see(record(8, "Connect", "app@h on shop using TCP/IP"));
    expect(threads.see(record(8, "Init DB", "x".repeat(129)))).toEqual({ user: "app", host: "h", db: null });
  });

  it("gives a refused log-in its user, and drops the thread", () => {
    const threads = new Threads();
    threads.see(record(8, "Connect", "app@h on shop using TCP/IP"));
    const denied = "Access denied for user 'app'@'h' (using password: YES)";
    expect(threads.see(record(8, "Connect", denied))).toEqual({ user: "app", host: "h", db: null });
    expect(threads.see(record(8, "Query"))).toBeNull();
  });

  const app = { user: "app", host: "h", db: "shop" };
  const other = { user: "other", host: "h", db: "x" };
  const connected = () => {
    const threads = new Threads();
    threads.see(record(8, "Connect", "app@h on shop using TCP/IP"));
    threads.see(record(8, "Query", "SELECT 1"));
    return threads;
  };

  it.each([
    ["Connect", "Access denied for user 'other'@'h' (using password: YES)"],
    ["Init DB", "Access denied for user 'other'@'%' to database 'x'"],
    ["Connect", "Your password has expired. To log in you must change it using a client that supports it."],
  ] as const)("goes on as the old user after a Change user that was refused: %s %s", (command, refusal) => {
    const threads = connected();
    expect(threads.see(record(8, "Change user", "other@h on x using TCP/IP"))).toEqual(other);
    const again = new Threads(undefined, JSON.parse(JSON.stringify(threads)));
    for (const one of [threads, again]) {
      one.see(record(8, command, refusal));
      expect(one.see(record(8, "Query", "SELECT 1"))).toEqual(app);
    }
  });

  it("keeps the new user of a Change user when a later USE is refused", () => {
    const threads = connected();
    threads.see(record(8, "Change user", "other@h on x using TCP/IP"));
    threads.see(record(8, "Query", "use y"));
    threads.see(record(8, "Init DB", "Access denied for user 'other'@'%' to database 'y'"));
    expect(threads.see(record(8, "Query", "SELECT 1"))).toEqual({ ...other, db: null });
  });

  it.each([
    "USE `tenant7`",
    "use tenant7",
    "USE tenant7;",
    "  \n/* driver */ uSe /* x */ tenant7 ; ",
    "-- x\nUSE tenant7",
    "# x\nUSE tenant7",
    "USE`ten``ant`",
    'USE "tenant7"',
    "USE größe",
    "/*!40000 USE tenant7 */",
    "SELECT 1; USE tenant7",
    "SELECT ';';use `tenant7`;SELECT 2",
    "SELECT 1;\n-- x\nUSE tenant7; SELECT 2",
  ])("does not know the database behind a query that chooses one: %j", (statement) => {
    for (const command of ["Query", "Execute"] as const) {
      const threads = connected();
      expect(threads.see(record(8, command, statement))).toEqual(app);
      expect(threads.hasLostDb).toBe(true);
      const again = new Threads(undefined, JSON.parse(JSON.stringify(threads)));
      for (const one of [threads, again]) {
        expect(one.see(record(8, "Query", "SELECT 1"))).toEqual({ ...app, db: null });
        expect(one.hasLostDb).toBe(false);
        expect(one.see(record(8, "Init DB", "shop"))).toEqual(app);
        one.see(record(8, command, statement));
        expect(one.see(record(8, "Change user", "app@h on shop using TCP/IP"))).toEqual(app);
      }
    }
  });

  it.each([
    "SELECT 1;",
    "SELECT * FROM t USE INDEX (a)",
    "USER tenant7",
    "user",
    "INSERT INTO notes VALUES ('hello; use this')",
    "INSERT INTO notes VALUES ('a;use b')",
    "UPDATE t SET a = 1; SELECT * FROM t USE INDEX (a)",
    "/* USE tenant7 */ SELECT 1",
    "-- USE tenant7\nSELECT 1",
    "--\nSELECT 1",
  ])("keeps the database behind what only looks like a choice: %j", (statement) => {
    const threads = connected();
    threads.see(record(8, "Query", statement));
    expect(threads.see(record(8, "Query", "SELECT 1"))).toEqual(app);
  });

  it("looks for a choice in time linear in the statement", () => {
    for (const part of [";", "; ", ";/*", ";--", "/*", "; use a", "use `"]) {
      const threads = connected();
      threads.see(record(8, "Query", part.repeat(100_000)));
      threads.see(record(8, "Query", "SELECT 1"));
    }
  });

  it("ignores the message of a refused database, and keeps the thread's user and database", () => {
    const threads = connected();
    for (const refusal of [
      "Access denied for user 'app'@'%' to database 'other'",
      "Benutzer 'app'@'%' hat keine Zugriffsberechtigung für Datenbank 'other'",
    ]) {
      expect(threads.see(record(8, "Init DB", refusal))).toEqual(app);
    }
    expect(threads.see(record(8, "Query", "SELECT 1"))).toEqual(app);
  });

  it("keeps the user when a second Connect record has a message", () => {
    const threads = new Threads();
    threads.see(record(8, "Connect", "app@h on shop using TCP/IP"));
    const expired =
      "Your password has expired. To log in you must change it using a client that supports it.";
    expect(threads.see(record(8, "Connect", expired))).toEqual(app);
    expect(threads.see(record(8, "Quit"))).toEqual(app);
  });

  it("keeps the user before a Change user for a bounded number of threads, the newest", () => {
    const threads = new Threads();
    for (let id = 1; id <= 1000; id++) {
      threads.see(record(id, "Connect", `u${id}@h on d using TCP/IP`));
      threads.see(record(id, "Change user", "other@h on x using TCP/IP"));
    }
    expect(threads.toJSON().filter(([, , , , before]) => before !== undefined)).toHaveLength(256);
    threads.see(record(1000, "Connect", "Access denied for user 'other'@'h' (using password: YES)"));
    expect(threads.see(record(1000, "Query"))).toMatchObject({ user: "u1000" });
  });

  it("opens a table that was stored before it kept users from before a Change user", () => {
    const threads = new Threads(10, [[8, "app", "h", "shop"]]);
    expect(threads.see(record(8, "Query"))).toEqual(app);
    expect(threads.toJSON()).toEqual([[8, "app", "h", "shop"]]);
  });

  it("does not grow beyond its capacity, and keeps the threads that have records", () => {
    const threads = new Threads(100);
    for (let id = 1; id <= 10_000; id++) {
      threads.see(record(id, "Connect", `u${id}@h on d using TCP/IP`));
      expect(threads.see(record(1, "Query"))).toMatchObject({ user: "u1" });
      expect(threads.size).toBeLessThanOrEqual(100);
    }
    expect(threads.see(record(2, "Query"))).toBeNull();
    for (let id = 9_960; id <= 10_000; id++) expect(threads.see(record(id, "Query"))).not.toBeNull();
  });

  it("survives JSON", () => {
    const threads = new Threads(10);
    for (let id = 1; id <= 8; id++) threads.see(record(id, "Connect", `u${id}@h on d using TCP/IP`));
    const again = new Threads(10, JSON.parse(JSON.stringify(threads)));
    for (let id = 1; id <= 8; id++)
      expect(again.see(record(id, "Query"))).toEqual(threads.see(record(id, "Query")));
  });
});
