import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { CheckedEnvironment, Environment } from "../../src/environments/replies.ts";
import { createClusterAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { createCapture, type Person, signUp } from "../support/api.ts";
import { inFuture } from "../support/time.ts";

let person: Person;
beforeAll(async () => {
  person = await signUp();
});

/** Registers an instance of an account. */
function register({ region, credentials }: LocalAccount, instance: string) {
  const json = { name: instance, region, instance, credentials };
  return person.post<Environment & { message: string }>("/api/environments", json);
}

const column = (name: "cluster" | "engine", table: string, id: number) =>
  env.DB.prepare(`select ${name} as it from ${table} where id = ?`).bind(id).first("it");

describe("an Aurora cluster", () => {
  let aws: LocalAccount;
  beforeAll(async () => {
    aws = await createClusterAccount("shop");
  });

  test.each(["shop-1", "shop-2"])("has instances that are environments each: %s", async (instance) => {
    const { status, body } = await register(aws, instance);
    expect(status).toBe(201);
    const found = { instance, engine: "aurora-mysql", cluster: "shop", parameterGroup: `${instance}-params` };
    expect(body).toMatchObject(found);
    expect(await column("cluster", "environments", body.id)).toBe("shop");
    expect((await person.get<Environment>(`/api/environments/${body.id}`)).body).toMatchObject(found);
  });

  test("is no environment itself: its id is answered with its instances, told apart", async () => {
    const { status, body } = await register(aws, "SHOP");
    expect(status).toBe(400);
    expect(body.message).toBe(
      "shop is a cluster, and a capture is made of one instance. Its instances are shop-1 (writer) and shop-2 (reader)",
    );
    const { region, credentials } = aws;
    const moved = await register(aws, "shop-1");
    const put = await person.put(`/api/environments/${moved.body.id}`, {
      instance: "shop",
      region,
      credentials,
    });
    expect(put).toMatchObject({ status: 400, body });
  });

  test("is shown as it is after a failover", async () => {
    const other = await createClusterAccount("stock");
    await other.failOver("stock");
    expect((await register(other, "stock")).body.message).toContain("stock-1 (reader) and stock-2 (writer)");
  });

  test("is an instance that is not there for credentials that may not ask for clusters", async () => {
    const other = await createClusterAccount("stock");
    await other.deny("rds:DescribeDBClusters");
    const { status, body } = await register(other, "stock");
    expect(status).toBe(400);
    expect(body.message).toMatch(/^There is no RDS instance stock in /);
  });

  test("is found by a check where the environment is older than clusters are kept", async () => {
    const { body } = await register(aws, "shop-2");
    await env.DB.prepare("update environments set cluster = null where id = ?").bind(body.id).run();
    expect((await person.get<Environment>(`/api/environments/${body.id}`)).body.cluster).toBeNull();
    const checked = await person.post<CheckedEnvironment>(`/api/environments/${body.id}/check`, {});
    expect(checked).toMatchObject({ status: 200, body: { cluster: "shop", status: "available" } });
    expect(await column("cluster", "environments", body.id)).toBe("shop");
  });

  test("leaves its engine with each capture that is made", async () => {
    const { body } = await register(aws, "shop-1");
    const capture = await createCapture(person, { envId: body.id, scheduledStart: inFuture(3_600_000) });
    expect(await column("engine", "captures", capture.id)).toBe("aurora-mysql");
  });
});

describe("a cluster of another engine", () => {
  test.each(["aurora-postgresql", "neptune", "docdb", "postgres"])(
    "is refused because of that, and its instances are no choice: %s",
    async (engine) => {
      const aws = await createClusterAccount("shop", { engine, engineVersion: "16.4" });
      const { status, body } = await register(aws, "shop");
      expect(status).toBe(400);
      expect(body.message).toBe(
        `The cluster shop runs ${engine}; only MySQL, MariaDB and Aurora MySQL on RDS can be captured: choose an instance that ` +
          "runs MySQL, MariaDB or Aurora MySQL",
      );
    },
  );

  test("is refused because of its version: Aurora MySQL 1", async () => {
    const aws = await createClusterAccount("shop", { engineVersion: "5.6.mysql_aurora.1.22.2" });
    expect((await register(aws, "shop")).body.message).toMatch(/^The cluster shop runs Aurora MySQL 1 /);
  });
});

describe("a Multi-AZ DB cluster", () => {
  let aws: LocalAccount;
  beforeAll(async () => {
    aws = await createClusterAccount("shop", { engine: "mysql" });
  });

  test("has members that are refused, with what can't be done about their logs", async () => {
    const { status, body } = await register(aws, "shop-instance-1");
    expect(status).toBe(400);
    expect(body.message).toBe(
      "shop-instance-1 is a member of the Multi-AZ DB cluster shop, in which RDS gives every instance Amazon's own parameter " +
        "group. Logs are switched by the cluster's parameter group there, for all of its instances at once, which captures " +
        "don't do: choose an instance of Aurora MySQL, or one that is in no cluster",
    );
  });

  test("is no environment itself either", async () => {
    const { status, body } = await register(aws, "shop");
    expect(status).toBe(400);
    expect(body.message).toMatch(
      /^shop is a cluster, .*a Multi-AZ DB cluster, .*shop-instance-1 \(writer\), shop-instance-2 \(reader\), and shop-instance-3 \(reader\), can't be captured$/,
    );
  });
});
