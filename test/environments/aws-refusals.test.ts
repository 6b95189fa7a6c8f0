import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CheckedEnvironment, FullEnvironment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import type { DenialReason, Fault } from "../local-aws/test/control-shapes.ts";
import { createEnvironment, listed, type Person, recordConsole, signUp } from "../support/api.ts";

let person: Person;
let aws: LocalAccount;
beforeAll(async () => {
  person = await signUp();
});
beforeEach(async () => {
  aws = await createAccount();
});

interface Refusal {
  code: number;
  message: string;
}

/** Asks for an environment that AWS refuses, and checks that nothing is saved and nothing secret is said or logged. */
async function refusal(
  change: Record<string, unknown> = {},
  keys: string[] = ["code", "message"],
  status = 400,
): Promise<Refusal> {
  const { credentials, region, instance } = aws;
  const json = { name: "refused", credentials, region, instance, ...change };
  const count = () => env.DB.prepare("select count(*) as n from environments").first<number>("n");
  const before = await count();
  const stop = recordConsole();
  const reply = await person.post<Refusal>("/api/environments", json);
  const written = [...stop(), JSON.stringify(reply.body)].join("\n");
  const sent = { ...json.credentials } as Record<string, string | undefined>;
  for (const name of ["accessKeyId", "secretAccessKey", "externalId"]) {
    const secret = sent[name];
    if (secret !== undefined) expect(written).not.toContain(secret);
  }
  expect(reply.status).toBe(status);
  expect(reply.headers.has("retry-after")).toBe(status === 503);
  expect(Object.keys(reply.body)).toEqual(keys);
  expect(await count()).toBe(before);
  return reply.body;
}

describe("when AWS refuses, an environment is not saved, and the reply says why and what to do:", () => {
  test("a secret that is not the key's", async () => {
    const { message } = await refusal({
      credentials: { ...aws.credentials, secretAccessKey: "not/the+secret/of/this=key" },
    });
    expect(message).toMatch(
      /^AWS refused the credentials: .*\(SignatureDoesNotMatch\)\. The secret access key/,
    );
  });

  test("a key that does not exist", async () => {
    const { message } = await refusal({
      credentials: { accessKeyId: "AKIANOSUCHKEY0000000", secretAccessKey: "whatever-it-may-be" },
    });
    expect(message).toMatch(
      /\(InvalidClientTokenId\)\. There is no such access key: check the access key id/,
    );
  });

  test("an instance that does not exist", async () => {
    const { message } = await refusal({ instance: "no-such-instance" });
    expect(message).toBe(
      "There is no RDS instance no-such-instance in us-east-1 (DBInstanceNotFound). Check the instance's identifier and the region.",
    );
  });

  test("a region where the account has nothing", async () => {
    const { message } = await refusal({ region: "eu-west-1" });
    expect(message).toMatch(/region/);
  });

  test("an instance that runs PostgreSQL", async () => {
    const { message } = await refusal({ instance: "demo-postgres" }, ["code", "message", "checks"]);
    expect(message).toMatch(
      /demo-postgres runs postgres; only MySQL, MariaDB and Aurora MySQL on RDS can be captured/,
    );
  });

  test("a key without the permission", async () => {
    await aws.deny("rds:DescribeDBInstances");
    const { message } = await refusal();
    expect(message).toMatch(/rds:DescribeDBInstances.*\(AccessDenied\)\. Give them the permissions/);
  });

  test.each<[DenialReason, RegExp]>([
    [{ policy: "identity" }, /Give them the permissions that docs\/connect-aws\.md lists\.$/],
    [{ policy: "unsaid" }, /Give them the permissions that docs\/connect-aws\.md lists\.$/],
    [{ policy: "identity", isExplicit: true }, /A Deny statement in a policy of the user or role outweighs/],
    [
      {
        policy: "service-control",
        isExplicit: true,
        policyArn:
          "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd",
      },
      /service_control_policy\/p-2kgnabcd \(AccessDenied\)\. A service control policy of the AWS organization denies it,.* to allow rds:DescribeDBInstances in us-east-1\.$/,
    ],
    [{ policy: "service-control" }, /A service control policy of the AWS organization does not allow it/],
    [
      { policy: "resource-control", isExplicit: true },
      /A resource control policy of the AWS organization denies/,
    ],
    [{ policy: "permissions-boundary" }, /allow rds:DescribeDBInstances in the boundary\.$/],
    [{ policy: "session" }, /The session policy of the temporary credentials does not allow it/],
    [{ policy: "resource-based", isExplicit: true }, /A resource-based policy denies it/],
    [{ policy: "vpc-endpoint" }, /A vpc endpoint policy does not allow it/],
  ])("a key that is denied by %j", async (denial, advice) => {
    await aws.deny({ action: "rds:DescribeDBInstances", ...denial });
    const { message } = await refusal();
    expect(message).toMatch(/^AWS does not permit it: .*rds:DescribeDBInstances.*\(AccessDenied\)\. /);
    expect(message).toMatch(advice);
  });

  test.each<[Fault, RegExp, number]>([
    [
      { kind: "throttle" },
      /^AWS is throttling requests of this account: .*\(Throttling\)\. Try again soon\.$/,
      503,
    ],
    [{ kind: "server-error" }, /^AWS could not answer: .*\(InternalFailure\)\. Try again soon\.$/, 503],
    [{ kind: "unavailable" }, /^AWS could not answer: .*\(ServiceUnavailable\)\. Try again soon\.$/, 503],
    [
      { kind: "garbage" },
      /^rds:DescribeDBInstances answered 200 with an HTML page, which is not of AWS's form \(NotAws\)\. .* Try again soon\.$/,
      503,
    ],
    [
      { kind: "reset" },
      /^rds:DescribeDBInstances could not be reached \(NetworkError\)\. Try again soon\.$/,
      504,
    ],
    [
      { kind: "hang" },
      /^rds:DescribeDBInstances did not answer within 2 seconds \(Timeout\)\. Try again soon\.$/,
      504,
    ],
    [{ kind: "deny" }, /^AWS does not permit it: .*\(AccessDenied\)/, 400],
  ])("a call that AWS meets with %o", async (fault, expected, status) => {
    await aws.fault(fault);
    const { message } = await refusal({}, undefined, status);
    expect(message).toMatch(expected);
    await aws.clearFaults();
    await createEnvironment(person, { aws });
  });

  test.each([
    ["is behind AWS's", 3_600_000, "Signature expired"],
    ["is ahead of AWS's", -3_600_000, "Signature not yet current"],
  ])(
    "a request of this service whose clock %s: the credentials are not at fault",
    async (_, offset, said) => {
      await aws.setClock(offset);
      const { message } = await refusal({}, undefined, 503);
      expect(message).toMatch(/^The clock of this service is wrong, .* The credentials are not at fault\./);
      expect(message).toContain(said);
      await aws.setClock(0);
      await createEnvironment(person, { aws });
    },
  );

  test.each<[Fault, number, string | null]>([
    [{ kind: "throttle", retryAfterSeconds: 7 }, 503, "7"],
    [{ kind: "unavailable" }, 503, "5"],
    [{ kind: "hang" }, 504, null],
  ])("a change while AWS meets calls with %o, which is told like that", async (fault, status, pause) => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.fault(fault);
    const path = `/api/environments/${environment.id}`;
    const reply = await person.put(path, { credentials: aws.credentials });
    expect(reply.status).toBe(status);
    expect(reply.headers.get("retry-after")).toBe(pause);
    await aws.clearFaults();
    expect((await person.get(path)).body).toEqual(environment);
  });

  test("no call is retried", async () => {
    await aws.fault({ kind: "server-error" });
    await refusal({}, undefined, 503);
    const actions = (await aws.requests()).map(({ action }) => action);
    expect(actions).toContain("DescribeDBInstances");
    expect(new Set(actions).size).toBe(actions.length);
  });
});

describe("the check of an environment", () => {
  test("answers the environment with the instance's status, and asks AWS each time", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.clearRequests();
    const reply = await person.post(`/api/environments/${environment.id}/check`);
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ ...environment, checkedAt: expect.any(String), status: "available" });
    await aws.patchInstance(aws.instance, { status: "stopped" });
    const stopped = await person.post<CheckedEnvironment>(`/api/environments/${environment.id}/check`);
    expect(listed(stopped.body)).toEqual({ ...listed(environment), status: "stopped", ready: false });
    expect((await aws.requests()).filter(({ action }) => action === "DescribeDBInstances")).toHaveLength(2);
  });

  test("records what has changed of the instance", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.patchInstance(aws.instance, { engineVersion: "8.4.9", parameterGroup: "another-group" });
    await person.post(`/api/environments/${environment.id}/check`);
    const { body } = await person.get<FullEnvironment>(`/api/environments/${environment.id}`);
    const changed = { engineVersion: "8.4.9", parameterGroup: "another-group" };
    expect(listed(body)).toEqual({ ...listed(environment), ...changed });
  });

  test("says in the same words what AWS would not do, and leaves the environment as it is", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.deny("rds:DescribeDBInstances");
    const stop = recordConsole();
    const reply = await person.post<CheckedEnvironment>(`/api/environments/${environment.id}/check`);
    const written = [...stop(), JSON.stringify(reply.body)].join("\n");
    expect(reply).toMatchObject({ status: 200, body: { status: null, ready: false } });
    const denied = reply.body.checks.find(({ id }) => id === "permission:rds:DescribeDBInstances");
    expect(denied?.status).toBe("failed");
    expect(denied?.detail).toMatch(/^AWS does not permit it: .*\(AccessDenied\)/);
    expect(written).not.toContain(aws.credentials.accessKeyId);
    expect(written).not.toContain(aws.credentials.secretAccessKey);
    const { body } = await person.get<FullEnvironment>(`/api/environments/${environment.id}`);
    expect(listed(body)).toEqual({ ...listed(environment), ready: false });
  });
});
