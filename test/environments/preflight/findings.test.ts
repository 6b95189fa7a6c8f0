import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { awsTarget } from "../../../src/aws/client.ts";
import { modifyParameters } from "../../../src/aws/rds.ts";
import type { CheckedEnvironment } from "../../../src/environments/replies.ts";
import { LogLease } from "../../../src/leases/lease.ts";
import { createAccount, type LocalAccount } from "../../local-aws/test/client.ts";
import type { Fault } from "../../local-aws/test/control-shapes.ts";
import { createEnvironment, type Person, signUp } from "../../support/api.ts";
import { check, inChecks, make, notPassed } from "../checks.ts";

let person: Person;
let aws: LocalAccount;
beforeAll(async () => {
  person = await signUp();
});
beforeEach(async () => {
  aws = await createAccount();
});

/** What a preflight finds of an environment that was made while all was well. */
async function found(change: () => Promise<unknown>): Promise<CheckedEnvironment> {
  const { environment } = await createEnvironment(person, { aws });
  expect(environment.ready).toBe(true);
  await change();
  const reply = await check(person, environment.id);
  expect(reply.status).toBe(200);
  return reply.body;
}

describe("a check finds", () => {
  test.each<[string, Fault, string]>([
    ["a key that was withdrawn", { kind: "refuse", code: "InvalidClientTokenId" }, "failed"],
    ["a secret that is another's", { kind: "refuse", code: "SignatureDoesNotMatch" }, "failed"],
    ["keys that have expired", { kind: "refuse", code: "ExpiredToken" }, "failed"],
    ["a region that is not enabled", { kind: "refuse", code: "RegionDisabledException" }, "failed"],
    ["nothing, where AWS throttles", { kind: "throttle" }, "unknown"],
    ["nothing, where AWS fails", { kind: "server-error" }, "unknown"],
    ["nothing, where it is not AWS that answers", { kind: "proxy" }, "unknown"],
    ["nothing, where the answer can't be read", { kind: "garbage" }, "unknown"],
    ["nothing, where the connection breaks", { kind: "reset" }, "unknown"],
    ["nothing, where the service's clock is wrong", { kind: "refuse", code: "SignatureExpired" }, "unknown"],
  ])("%s", async (_, fault, status) => {
    const checked = await found(() => aws.fault(fault));
    expect(inChecks(checked.checks, "credentials").status).toBe(status);
    expect(checked.ready).toBe(status === "unknown");
    expect(inChecks(checked.checks, "state").status).toBe("unknown");
    await aws.clearFaults();
    expect((await check(person, checked.id)).body.ready).toBe(true);
  });

  test("an instance that was deleted", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await env.DB.prepare("update environments set instance = 'gone' where id = ?1")
      .bind(environment.id)
      .run();
    const { body } = await check(person, environment.id);
    expect(inChecks(body.checks, "instance")).toMatchObject({ status: "failed" });
    expect(body).toMatchObject({ ready: false, status: null, engine: environment.engine });
  });

  test("a log that somebody else has written to a table", async () => {
    const checked = await found(() => setParameters(aws, { general_log: "1", log_output: "TABLE" }));
    expect(inChecks(checked.checks, "logging")).toMatchObject({ status: "failed", severity: "warning" });
    expect(checked.ready).toBe(true);
  });

  test("a log that somebody else has on in files, which captures leave so", async () => {
    const checked = await found(() => setParameters(aws, { general_log: "1", log_output: "FILE" }));
    expect(inChecks(checked.checks, "logging").detail).toMatch(/leaves on what is on/);
  });

  test("nothing of what captures have changed, where the lease can't be reached", async () => {
    vi.spyOn(LogLease.prototype, "changes").mockRejectedValueOnce(new Error("away"));
    const { body } = await make(person, aws);
    expect(inChecks(body.checks, "restore").status).toBe("unknown");
    expect(body.ready).toBe(true);
  });

  test("what an Aurora instance is in its cluster, and its permission", async () => {
    aws = await createAccount({ clusters: [{ identifier: "shops" }] });
    const reply = await make(person, aws, { instance: "shops-1" });
    expect(reply).toMatchObject({ status: 201, body: { ready: true, engine: "aurora-mysql" } });
    expect(inChecks(reply.body.checks, "cluster").detail).toMatch(/the writer now/);
    await aws.failOver("shops");
    await aws.deny("rds:DescribeDBClusters");
    const denied = await check(person, reply.body.id);
    expect(notPassed(denied.body.checks)).toEqual([
      "cluster unknown",
      "permission:rds:DescribeDBClusters failed",
    ]);
    await aws.deny();
    expect(inChecks((await check(person, reply.body.id)).body.checks, "cluster").detail).toMatch(
      /a reader now/,
    );
  });

  test("nothing to keep for a target that the environment has no more", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.clearRequests();
    await aws.fault({ kind: "delay", delayMs: 500, action: "DescribeDBInstances", times: 1 });
    const slow = check(person, environment.id);
    await expect.poll(async () => (await aws.requests()).length).toBeGreaterThan(0);
    await env.DB.prepare("update environments set instance = 'demo-mariadb', checks = null where id = ?1")
      .bind(environment.id)
      .run();
    expect((await slow).status).toBe(200);
    const row = await env.DB.prepare("select instance, engine, checks from environments where id = ?1")
      .bind(environment.id)
      .first();
    expect(row).toEqual({ instance: "demo-mariadb", engine: "mysql", checks: null });
  });

  test("all anew in an environment from before checks were kept", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await env.DB.prepare(
      "update environments set checks = null, checked_at = null, is_ready = 1 where id = ?1",
    )
      .bind(environment.id)
      .run();
    const before = await person.get(`/api/environments/${environment.id}`);
    expect(before.body).toMatchObject({ ready: true, checks: [], checkedAt: null });
    expect((await check(person, environment.id)).body.checks).toEqual(environment.checks);
  });
});

/** Sets parameters of the account's first group as its owner would. */
async function setParameters(account: LocalAccount, values: Record<string, string>): Promise<void> {
  const set = await modifyParameters(
    awsTarget(env, account.region),
    account.credentials,
    `${account.instance}-params`,
    values,
  );
  expect(set.ok).toBe(true);
}
