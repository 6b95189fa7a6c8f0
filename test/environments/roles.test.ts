import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { type AwsResult, awsTarget } from "../../src/aws/client.ts";
import { type DbInstance, describeInstance } from "../../src/aws/rds.ts";
import { askAs } from "../../src/environments/credentials.ts";
import type { Environment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { addMember, makeRole, type Person, recordConsole, requestIn, signUp } from "../support/api.ts";
import { type ByRole, bodyOf, register } from "./by-role.ts";

let person: Person;
let aws: LocalAccount;
let role: { roleArn: string; externalId: string };
// Each test has a person of its own: a pending external id is a person's.
beforeEach(async () => {
  [person, aws] = await Promise.all([signUp(), createAccount()]);
  role = await makeRole(person, aws);
});

const create = (by: ByRole = role) => register(person, aws, by);

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

/** The calls of the account, but for attempts to assume a role that it refuses. */
const accepted = async () =>
  (await aws.requests()).filter(
    ({ action, errorCode }) => action !== "AssumeRole" || errorCode !== "AccessDenied",
  );
const actions = async () => (await accepted()).map(({ action }) => action);

describe("an environment with a role", () => {
  test("is reached with temporary keys of the role, and shows it with its external id", async () => {
    const reply = await create();
    expect(reply.status).toBe(201);
    expect(reply.body.credentials).toEqual({ ...role, externalIdOrigin: "service" });
    const calls = await aws.requests();
    const assumed = calls.filter(({ action }) => action === "AssumeRole");
    expect(assumed.map(({ status }) => status).sort()).toEqual([200, 403, 403]);
    for (const { accessKeyId, parameters } of assumed) {
      expect(accessKeyId).toBe("AKIALOCALWORKER00000");
      expect(parameters).toMatchObject({ RoleArn: role.roleArn });
    }
    const others = calls.filter(({ action }) => action !== "AssumeRole");
    expect(others.map(({ action }) => action)).toContain("DescribeDBInstances");
    for (const { accessKeyId } of others) expect(accessKeyId).toMatch(/^ASIA/);
  });

  test("shows neither role nor external id to members", async () => {
    const { id } = await created();
    const member = await signUp("Member");
    await addMember(person, id, member);
    for (const reply of [
      await member.get(`/api/environments/${id}`),
      await member.get("/api/environments"),
      await member.post(`/api/environments/${id}/check`),
    ]) {
      expect(reply.status).toBe(200);
      const text = JSON.stringify(reply.body);
      expect(text).not.toContain(role.roleArn);
      expect(text).not.toContain(role.externalId);
    }
  });

  test.each([
    ["another external id", () => aws.createRole({ externalId: "not-the-external-id" })],
    ["a role that is not there", () => ({ ...role, roleArn: `${role.roleArn}-not` })],
    [
      "a role that trusts somebody else",
      () => aws.createRole({ externalId: role.externalId, trustedAccountId: aws.accountId }),
    ],
  ])("is refused for %s, in words that say which call it was", async (_, make) => {
    const other = await make();
    const stop = recordConsole();
    const reply = await create(other);
    const written = [...stop(), JSON.stringify(reply.body)].join("\n");
    expect(reply.status).toBe(400);
    expect(reply.body.message).toMatch(/sts:AssumeRole.*\(AccessDenied\).*trust/);
    expect(written).not.toContain(role.externalId);
    expect(written).not.toContain("AKIALOCALWORKER00000");
    expect(await actions()).toEqual([]);
    // It is pending still.
    expect((await create()).status).toBe(201);
  });

  test("assumes its role once for many calls", async () => {
    const environment = await created();
    for (let i = 0; i < 3; i++) expect((await use(environment)).ok).toBe(true);
    expect((await actions()).filter((action) => action === "AssumeRole")).toHaveLength(1);
  });

  test("assumes it again when the temporary keys are about to expire", async () => {
    role = await makeRole(person, aws, { durationSeconds: 200 });
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
    const calls = await accepted();
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
    const one = await created();
    // The next id; its trust policy would ask for either of the two.
    await aws.createRole({ ...role, externalId: (await makeRole(person, aws)).externalId });
    const two = await created();
    await aws.createRole({ ...role, externalId: "*" });
    await use(one);
    await use(two);
    const described = (await accepted()).filter(({ action }) => action === "DescribeDBInstances");
    expect(new Set(described.map(({ accessKeyId }) => accessKeyId)).size).toBe(2);
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
    const roleArn = `arn:aws:iam::${aws.accountId}:role/next`;
    const { externalId } = role;
    await aws.createRole({ externalId, roleArn });
    const changed = await person.put<Environment>(`/api/environments/${environment.id}`, {
      credentials: { roleArn },
    });
    expect(changed.body.credentials).toEqual({ roleArn, externalId, externalIdOrigin: "service" });
    await aws.clearRequests();
    await check(environment);
    const [assumed] = (await aws.requests()).filter(({ action }) => action === "AssumeRole");
    expect(assumed?.parameters).toMatchObject({ RoleArn: roleArn });
  });

  test.each(["throttle", "server-error", "garbage", "reset"] as const)(
    "says so when STS answers with %s",
    async (kind) => {
      await aws.fault({ kind, action: "AssumeRole" });
      const reply = await create();
      expect(reply.status).toBe(kind === "reset" ? 504 : 503);
      expect(reply.body.message).toMatch(/Try again soon\.$/);
    },
  );

  test("is refused by a service without an AWS identity, which says what to use instead", async () => {
    const reply = await requestIn({ AWS_ACCESS_KEY_ID: "" }, "POST", "/api/environments", {
      json: bodyOf(role, aws),
      headers: person.headers,
    });
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ code: 400, message: expect.stringMatching(/use an access key instead/) });
  });
});
