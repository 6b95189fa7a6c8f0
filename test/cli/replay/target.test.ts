import { describe, expect, test } from "vitest";
import { isRdsHost, ownInstance } from "../../../src/cli/replay/own-instance.ts";
import { connectionOptions, parseTarget, showTarget, type Target } from "../../../src/cli/replay/target.ts";
import { type Wanted, wantedBy } from "../../../src/cli/replay/wanted-records.ts";
import { general, slow } from "./records.ts";

const target = (text: string) => parseTarget(text) as Target;

describe("the address of a target", () => {
  test("has user, password, host, port and database, all of which may be encoded", () => {
    expect(target("mysql://us%40er:p%2Fw@db.example.com:3307/sh%20op?ssl=verified")).toEqual({
      host: "db.example.com",
      port: 3307,
      user: "us@er",
      password: "p/w",
      db: "sh op",
      socket: null,
      tls: "verified",
      caFile: null,
    });
    expect(target("mariadb://[::1]")).toMatchObject({
      host: "::1",
      port: 3306,
      user: "root",
      password: null,
      db: null,
    });
    expect(target("mysql://root@localhost?socket=/run/a.sock")).toMatchObject({ socket: "/run/a.sock" });
  });

  test("is encrypted unless it is of this machine, or says otherwise", () => {
    const modes = [
      "mysql://localhost",
      "mysql://db",
      "mysql://db?ssl=disabled",
      "mysql://db?ssl-mode=VERIFY_IDENTITY",
    ];
    expect(modes.map((text) => target(text).tls)).toEqual(["disabled", "required", "disabled", "verified"]);
    expect(connectionOptions(target("mysql://db"), null)).toMatchObject({
      ssl: { rejectUnauthorized: false },
    });
    expect(connectionOptions(target("mysql://db?ssl=verified"), "CA")).toMatchObject({
      ssl: { rejectUnauthorized: true, verifyIdentity: true, ca: "CA" },
    });
    expect("ssl" in connectionOptions(target("mysql://db?ssl=disabled"), null)).toBe(false);
  });

  test("is shown without its password", () => {
    expect(showTarget(target("mysql://u:secret@[::1]:3307/shop"))).toBe("u@[::1]:3307/shop");
    expect(showTarget(target("mysql://u:secret@h?socket=/s"))).toBe("u@/s");
  });

  test.each([
    "",
    "shop",
    "http://u:secret@h",
    "mysql://",
    "mysql://u:secret@h/a/b",
    "mysql://u:secret@h?x=1",
    "mysql://u:secret@h?ssl=maybe",
  ])("%s is none, and the refusal has no password", (text) => {
    const refusal = parseTarget(text);
    expect(typeof refusal).toBe("string");
    expect(refusal).not.toContain("secret");
  });
});

describe("an environment's own instance", () => {
  const instances = [
    { name: "prod", region: "eu-central-1", instance: "Shop-DB", cluster: null },
    { name: "aurora", region: "us-east-1", instance: "writer-1", cluster: "shop-cluster" },
  ];
  const found = (...hosts: string[]) => ownInstance(hosts, instances)?.name ?? null;

  test("is known by its endpoint, or by its cluster's", () => {
    expect(found("shop-db.abc123xyz.eu-central-1.rds.amazonaws.com")).toBe("prod");
    expect(found("SHOP-DB.abc123xyz.eu-central-1.rds.amazonaws.com.")).toBe("prod");
    expect(found("shop-cluster.cluster-abc123.us-east-1.rds.amazonaws.com")).toBe("aurora");
    expect(found("shop-cluster.cluster-ro-abc123.us-east-1.rds.amazonaws.com")).toBe("aurora");
    expect(found("writer-1.abc123.us-east-1.rds.amazonaws.com")).toBe("aurora");
    expect(found("db.example.com", "shop-db.abc123.eu-central-1.rds.amazonaws.com")).toBe("prod");
  });

  test("is no other one", () => {
    expect(found("shop-db.abc123.eu-west-1.rds.amazonaws.com")).toBeNull();
    expect(found("shop-db-copy.abc123.eu-central-1.rds.amazonaws.com")).toBeNull();
    expect(found("localhost")).toBeNull();
    expect(found("shop-db.example.com")).toBeNull();
    expect([isRdsHost("x.abc.cn-north-1.rds.amazonaws.com.cn"), isRdsHost("rds.amazonaws.com")]).toEqual([
      true,
      false,
    ]);
  });
});

describe("filters", () => {
  const record = general(1_500_000, 7, "Query", "SELECT * FROM Orders /*action='checkout'*/", {
    db: "shop",
    fingerprint: "00ff",
  });
  const timed = slow(1_500_000, 7, 2500, "SELECT 1", { errno: 1062 });
  const at = (millis: number) => new Date(Date.UTC(2026, 10, 28, 10) + millis);

  test.each<[Wanted, boolean, boolean]>([
    [{}, true, true],
    [{ contains: "orders" }, true, false],
    [{ table: "orders" }, true, false],
    [{ table: "shop.orders" }, true, false],
    [{ table: "blog.orders" }, false, false],
    [{ fingerprint: "00ff" }, true, false],
    [{ user: "app", host: "web" }, true, true],
    [{ user: "ap" }, false, false],
    [{ db: "shop" }, true, false],
    [{ thread: 7 }, true, true],
    [{ thread: 8 }, false, false],
    [{ tag: { action: "checkout" } }, true, false],
    [{ tag: { action: "check" } }, false, false],
    [{ minDuration: 2.5 }, false, true],
    [{ minDuration: 3 }, false, false],
    [{ errors: true }, false, true],
    [{ from: at(1500) }, true, true],
    [{ from: at(1501) }, false, false],
    [{ to: at(1500) }, false, false],
    [{ to: at(1501), from: at(1000), user: "app" }, true, true],
  ])("%o", (wanted, isGeneral, isSlow) => {
    const isWanted = wantedBy(wanted);
    expect([isWanted(record), isWanted(timed)]).toEqual([isGeneral, isSlow]);
  });
});
