import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AwsResult, awsTarget } from "../../src/aws/client.ts";
import { type DbInstance, describeInstance } from "../../src/aws/rds.ts";
import { askAs } from "../../src/environments/credentials.ts";
import type { Environment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { type Person, recordConsole, requestIn, signUp } from "../support/api.ts";

let person: Person;
let aws: LocalAccount;
let role: { roleArn: string; externalId: string };
beforeAll(async () => {
  person = await signUp();
});
beforeEach(async () => {
  aws = await createAccount();
  role = await aws.createRole({ externalId: `external-${aws.accountId}` });
});

const create = (credentials: Record<string, unknown> = role) =>
  person.post<Environment & { message: string }>("/api/environments", {
    name: "by role",
    region: aws.region,
    instance: aws.instance,
    credentials,
  });

async function created(): Promise<Environment> {
  const reply = await create();
  expect(reply.status).toBe(201);
  await aws.clearRequests();
  return reply.body;
}

const check = ({ id }: Environment) => person.post<{ message?: string }>(`/api/environments/${id}/check`);

/** Asks AWS for the instance with the environment's access, as captures do: with keys that are kept for a while. */
async function use({ id, region, instance }: Environment): Promise<AwsResult<DbInstance>> {
  const credentials = await env.DB.prepare("select credentials from environments where id = ?1")
    .bind(id)
    .first<string>("credentials");
  return askAs(env, { envId: id, region, credentials }, Date.now(), (keys) =>
    describeInstance(awsTarget(env, region), keys, instance),
  );
}

const actions = async () => (await aws.requests()).map(({ action }) => action);

describe("an environment with a role", () => {
  test("is reached with temporary keys of the role, and shows its ARN but not its external id", async () => {
    const reply = await create();
    expect(reply.status).toBe(201);
    expect(reply.body.credentials).toMatchObject({ roleArn: role.roleArn });
    expect(JSON.stringify(reply.body)).not.toContain(role.externalId);
    const calls = await aws.requests();
    expect(calls.map(({ action, status }) => [action, status])).toEqual(
      expect.arrayContaining([
        ["AssumeRole", 200],
        ["DescribeDBInstances", 200],
      ]),
    );
    expect(calls[0]?.accessKeyId).toBe("AKIALOCALWORKER00000");
    expect(calls[0]?.parameters).toMatchObject({ RoleArn: role.roleArn });
    for (const { action, accessKeyId } of calls)
      if (action !== "AssumeRole") expect(accessKeyId).toMatch(/^ASIA/);
  });

  test("keeps the external id sealed", async () => {
    await created();
    const { results } = await env.DB.prepare("select * from environments").all();
    expect(JSON.stringify(results)).not.toContain(role.externalId);
  });

  test.each([
    ["another external id", () => ({ ...role, externalId: "not-the-external-id" })],
    ["a role that is not there", () => ({ ...role, roleArn: `${role.roleArn}-not` })],
  ])("is refused for %s, in words that say which call it was", async (_, credentials) => {
    const stop = recordConsole();
    const reply = await create(credentials());
    const written = [...stop(), JSON.stringify(reply.body)].join("\n");
    expect(reply.status).toBe(400);
    expect(reply.body.message).toMatch(/sts:AssumeRole.*\(AccessDenied\).*trust/);
    expect(written).not.toContain(credentials().externalId);
    expect(written).not.toContain("AKIALOCALWORKER00000");
    expect(await actions()).not.toContain("DescribeDBInstances");
  });

  test("assumes its role once for many calls", async () => {
    const environment = await created();
    for (let i = 0; i < 3; i++) expect((await use(environment)).ok).toBe(true);
    expect((await actions()).filter((action) => action === "AssumeRole")).toHaveLength(1);
  });

  test("assumes it again when the temporary keys are about to expire", async () => {
    role = await aws.createRole({ externalId: "short-lived", durationSeconds: 200 });
    const environment = await created();
    for (let i = 0; i < 2; i++) expect((await use(environment)).ok).toBe(true);
    expect((await actions()).filter((action) => action === "AssumeRole")).toHaveLength(2);
  });

  test("assumes it again when AWS does not accept the temporary keys any more", async () => {
    const environment = await created();
    expect((await use(environment)).ok).toBe(true);
    await aws.expireSessions();
    await aws.clearRequests();
    expect((await use(environment)).ok).toBe(true);
    const calls = await aws.requests();
    expect(calls.map(({ action, errorCode }) => errorCode ?? action)).toEqual([
      "ExpiredToken",
      "AssumeRole",
      "DescribeDBInstances",
    ]);
  });

  test("asks AWS no more than once more when new keys are not accepted either", async () => {
    const environment = await created();
    expect((await use(environment)).ok).toBe(true);
    await aws.deny("rds:DescribeDBInstances");
    await aws.clearRequests();
    expect((await use(environment)).ok).toBe(false);
    expect(await actions()).toEqual(["DescribeDBInstances", "AssumeRole", "DescribeDBInstances"]);
  });

  test("does not share its keys with another environment, even of the same role", async () => {
    const [one, two] = [await created(), await created()];
    await use(one);
    await use(two);
    expect((await actions()).filter((action) => action === "AssumeRole")).toHaveLength(2);
  });

  test("is checked with a role that is assumed anew: what is kept says nothing of the role as it is now", async () => {
    const environment = await created();
    await check(environment);
    await check(environment);
    // Attempts that have to fail are made too.
    const assumed = (await aws.requests()).filter(
      ({ action, status }) => action === "AssumeRole" && status === 200,
    );
    expect(assumed.length).toBe(2);
  });

  test("uses its new role from the moment it is changed", async () => {
    const environment = await created();
    await check(environment);
    const next = await aws.createRole({
      externalId: "the-next-one",
      roleArn: `arn:aws:iam::${aws.accountId}:role/next`,
    });
    const changed = await person.put<Environment>(`/api/environments/${environment.id}`, {
      credentials: next,
    });
    expect(changed.body.credentials).toMatchObject({ roleArn: next.roleArn });
    await aws.clearRequests();
    await check(environment);
    const [assumed] = await aws.requests();
    expect(assumed?.parameters).toMatchObject({ RoleArn: next.roleArn });
  });

  test.each(["throttle", "server-error", "garbage", "reset"] as const)(
    "says so when STS answers with %s",
    async (kind) => {
      await aws.fault({ kind, action: "AssumeRole" });
      const reply = await create();
      expect(reply.status).toBe(400);
      expect(reply.body.message).toMatch(/Try again soon\.$/);
    },
  );

  test("is refused by a service without an AWS identity, which says what to use instead", async () => {
    const { region, instance } = aws;
    const reply = await requestIn({ AWS_ACCESS_KEY_ID: "" }, "POST", "/api/environments", {
      json: { name: "by role", region, instance, credentials: role },
      headers: person.headers,
    });
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ code: 400, message: expect.stringMatching(/use an access key instead/) });
  });
});
