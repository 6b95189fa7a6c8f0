import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Environment, FullEnvironment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { createApiKey, createEnvironment, listed, type Person, request, signUp } from "../support/api.ts";

let person: Person;
let aws: LocalAccount;
let good: { name: string; region: string; instance: string; credentials: Record<string, unknown> };
beforeAll(async () => {
  person = await signUp();
  aws = await createAccount();
  good = {
    name: "production",
    region: aws.region,
    instance: aws.instance,
    credentials: { ...aws.credentials },
  };
});

const rows = () => env.DB.prepare("select count(*) as n from environments").first<number>("n");

describe("creating an environment", () => {
  test("answers 201 with what was found and what may be shown, and makes its creator an admin", async () => {
    const before = Date.now();
    const reply = await person.post<FullEnvironment>("/api/environments", good);
    expect(reply.status).toBe(201);
    const { id, createdAt, ...rest } = reply.body;
    expect(rest).toEqual({
      name: "production",
      region: "us-east-1",
      instance: "demo-mysql",
      engine: "mysql",
      engineVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      parameterGroup: expect.any(String),
      cluster: null,
      credentials: { accessKeyId: `****${aws.credentials.accessKeyId.slice(-4)}` },
      role: "admin",
      ready: true,
      retention: { workloadDays: null, keepMetrics: true },
      sealed: false,
      owed: [],
      checks: expect.any(Array),
      checkedAt: expect.any(String),
      recorded: { since: expect.any(String), bytes: 0, maxBytes: 1_000_000_000_000 },
    });
    expect(reply.body.checks.map(({ status }) => status)).toEqual(Array(16).fill("passed"));
    expect(id).toBeGreaterThan(0);
    expect(createdAt).toBe(new Date(createdAt).toISOString());
    expect(Date.parse(createdAt)).toBeGreaterThanOrEqual(before);
    expect((await person.get(`/api/environments/${id}`)).body).toEqual(reply.body);
    expect((await person.get<Environment[]>("/api/environments")).body).toContainEqual(listed(reply.body));
  });

  test("takes MariaDB as well, and an API key in place of a session", async () => {
    const { key } = await createApiKey(person);
    const reply = await request<Environment>("POST", "/api/environments", {
      json: { ...good, instance: "demo-mariadb" },
      headers: { authorization: `Bearer ${key}` },
    });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ instance: "demo-mariadb", engine: "mariadb", role: "admin" });
  });

  test("takes the space off the name and the capitals off the instance", async () => {
    const reply = await person.post<Environment>("/api/environments", {
      ...good,
      name: "  prøduction 数据  ",
      instance: "DEMO-MySQL",
    });
    expect(reply.body).toMatchObject({ name: "prøduction 数据", instance: "demo-mysql" });
  });

  test("keeps the keys sealed: neither is anywhere in the database", async () => {
    await createEnvironment(person, { aws });
    const { results } = await env.DB.prepare("select * from environments").all();
    expect(results.length).toBeGreaterThan(0);
    const text = JSON.stringify(results);
    expect(text).not.toContain(aws.credentials.secretAccessKey);
    expect(text).not.toContain(aws.credentials.accessKeyId);
  });

  test("takes keys with the space that was pasted along with them", async () => {
    const { accessKeyId, secretAccessKey } = aws.credentials;
    const credentials = { accessKeyId: `\t${accessKeyId} `, secretAccessKey: ` ${secretAccessKey}\n` };
    const reply = await person.post<Environment>("/api/environments", { ...good, credentials });
    expect(reply).toMatchObject({
      status: 201,
      body: { credentials: { accessKeyId: `****${accessKeyId.slice(-4)}` } },
    });
  });

  test("is refused to people who are not signed in, without a call to AWS", async () => {
    await aws.clearRequests();
    for (const [headers, message] of [
      [{}, "Login required"],
      [{ "x-api-key": "no such key" }, "API key is not known, was revoked or has expired"],
    ] as const) {
      const reply = await request("POST", "/api/environments", { json: good, headers });
      expect(reply.status).toBe(401);
      expect(reply.body).toEqual({ code: 401, message });
    }
    expect(await aws.requests()).toEqual([]);
  });
});

const CREDENTIALS = "credentials: must be {accessKeyId, secretAccessKey} or {roleArn}";
const SECRET = "credentials.secretAccessKey: must be an AWS secret access key, without spaces";
const INSTANCE = "instance: must be an RDS instance identifier: letters, digits and single hyphens";
const REGION = 'region: must be an AWS region such as "us-east-1"';
const ROLE = { roleArn: "arn:aws:iam::123456789012:role/x" };
const KEY = { accessKeyId: "AKIA0000000000000000", secretAccessKey: "secret" };

describe("an environment is refused before AWS is asked", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["no name", { name: undefined }, "name: is required"],
    ["a name that is a number", { name: 7 }, "name: must be a string"],
    ["a name that is null", { name: null }, "name: must be a string"],
    ["an empty name", { name: " \t " }, "name: must not be empty"],
    ["a name of 101 characters", { name: "é".repeat(101) }, "name: must be at most 100 characters long"],
    ["a NUL in the name", { name: "a\u0000b" }, "name: must not contain control characters"],
    ["a newline in the name", { name: "a\nb" }, "name: must not contain control characters"],
    ["a lone surrogate in the name", { name: "a\ud800b" }, "name: must not contain control characters"],
    ["no region", { region: undefined }, "region: is required"],
    ["a region that is a list", { region: ["us-east-1"] }, "region: must be a string"],
    ["a region of capitals", { region: "US-EAST-1" }, REGION],
    ["an availability zone", { region: "us-east-1a" }, REGION],
    ["a region of a partition that AWS does not have", { region: "us-isox-east-1" }, REGION],
    ["a region that is a host name", { region: "evil.example/us-east-1" }, REGION],
    ["a region with a line after it", { region: "us-east-1\n" }, REGION],
    ["a region with a path", { region: "us-east-1/../x" }, REGION],
    ["no instance", { instance: undefined }, "instance: is required"],
    ["an empty instance", { instance: "" }, INSTANCE],
    ["an instance that begins with a digit", { instance: "1db" }, INSTANCE],
    ["an instance with two hyphens", { instance: "my--db" }, INSTANCE],
    ["an instance that ends in a hyphen", { instance: "db-" }, INSTANCE],
    ["an instance that is a host name", { instance: "db.example.com" }, INSTANCE],
    [
      "an instance of 64 characters",
      { instance: "a".repeat(64) },
      "instance: must be at most 63 characters long",
    ],
    ["no credentials", { credentials: undefined }, CREDENTIALS],
    ["credentials that are null", { credentials: null }, CREDENTIALS],
    ["credentials that are text", { credentials: "AKIA" }, CREDENTIALS],
    ["empty credentials", { credentials: {} }, CREDENTIALS],
    ["half a key", { credentials: { accessKeyId: KEY.accessKeyId } }, CREDENTIALS],
    ["an empty secret", { credentials: { ...KEY, secretAccessKey: "" } }, SECRET],
    ["a secret with a line break", { credentials: { ...KEY, secretAccessKey: "a\r\nb" } }, SECRET],
    [
      "a key id that is too short",
      { credentials: { ...KEY, accessKeyId: "AKIA" } },
      "credentials.accessKeyId: must be an AWS access key id, 16 or more of A-Z and 0-9",
    ],
    [
      "a session token",
      { credentials: { ...KEY, sessionToken: "x" } },
      "credentials.sessionToken: not known here",
    ],
    ["a key and a role", { credentials: { ...KEY, ...ROLE } }, CREDENTIALS],
    ["an external id alone", { credentials: { externalId: "external" } }, CREDENTIALS],
    [
      "a user's ARN",
      { credentials: { ...ROLE, roleArn: "arn:aws:iam::123456789012:user/x" } },
      'credentials.roleArn: must be the ARN of a role, such as "arn:aws:iam::123456789012:role/captures"',
    ],
    [
      "an external id of the caller's choice",
      { credentials: { ...ROLE, externalId: "external" } },
      "credentials.externalId: is made by this service, and not taken from a request: ask for it by POST /api/environments/external-id",
    ],
    [
      "a role before its external id was asked for",
      { credentials: ROLE },
      "credentials: a role needs an external id of this service's first: ask for it by POST /api/environments/external-id, and let the role's trust policy ask for it",
    ],
    ["an unknown field", { nmae: "x" }, "nmae: not known here"],
    ["two unknown fields", { a: 1, b: 2 }, "a, b: not known here"],
    ["an engine", { engine: "mysql" }, "engine: not known here"],
    ["an id", { id: 1 }, "id: not known here"],
  ])("for %s", async (_, change, message) => {
    const before = await rows();
    await aws.clearRequests();
    const reply = await person.post("/api/environments", { ...good, ...change });
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ code: 400, message });
    expect(await rows()).toBe(before);
    expect(await aws.requests()).toEqual([]);
  });

  test("for all that is wrong with it at once", async () => {
    const reply = await person.post<{ message: string }>("/api/environments", { name: "", region: 7 });
    expect(reply.status).toBe(400);
    expect(reply.body.message.split("; ")).toEqual([
      "name: must not be empty",
      "region: must be a string",
      "instance: is required",
      CREDENTIALS,
    ]);
  });
});

describe("the list of environments", () => {
  test("is empty for somebody who belongs to none", async () => {
    const reply = await (await signUp("Newcomer")).get("/api/environments");
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual([]);
  });

  test("has those I belong to, by age, each with what I am there, and no others", async () => {
    const [one, two] = await Promise.all([signUp("One"), signUp("Two")]);
    const mine = (await createEnvironment(one, { aws, name: "mine" })).environment;
    const theirs = (await createEnvironment(two, { aws, name: "theirs" })).environment;
    await createEnvironment(two, { aws, name: "not for others" });
    const invite = await two.post<{ code: string }>(`/api/environments/${theirs.id}/invites`, {
      role: "member",
    });
    await one.post("/api/invites/accept", { code: invite.body.code });
    const reply = await one.get<Environment[]>("/api/environments");
    expect(reply.body).toEqual([listed(mine), { ...listed(theirs), role: "member", credentials: null }]);
  });
});
