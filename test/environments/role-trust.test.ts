import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CheckedEnvironment, Environment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import type { RoleOptions } from "../local-aws/test/control-shapes.ts";
import {
  createEnvironment,
  expectRefusal,
  makeRole,
  type Person,
  requestIn,
  signUp,
} from "../support/api.ts";
import { bodyOf, pendingId, refuseAssuming, register } from "./by-role.ts";
import { inChecks } from "./checks.ts";

let person: Person;
let aws: LocalAccount;
beforeEach(async () => {
  [person, aws] = await Promise.all([signUp(), createAccount()]);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const mine = async () => (await person.get<Environment[]>("/api/environments")).body;

const ANY_ID = /^This service can assume the role with an external id that is not its own, .*confused-deputy/;
const NO_ID = /^This service can assume the role without any external id, .*confused-deputy/;
const OPEN_ROLES: [string, Partial<RoleOptions>, RegExp][] = [
  ["asks for none", { externalId: null }, ANY_ID],
  ["asks for any", { externalId: "*" }, ANY_ID],
  ["can do without its own", { isExternalIdOptional: true }, NO_ID],
];

describe("a role that does not ask for its external id", () => {
  test.each(OPEN_ROLES)("is refused when it %s, and nothing is saved", async (_, options, message) => {
    const role = await makeRole(person, aws, options);
    expectRefusal(await register(person, aws, role), 400, message);
    expect(await mine()).toEqual([]);
    expect(await pendingId(person)).toBe(role.externalId);
  });

  test.each(OPEN_ROLES)("is refused to an environment when it %s", async (_, options, message) => {
    const { environment } = await createEnvironment(person, { aws });
    const { roleArn } = await makeRole(person, aws, options);
    const path = `/api/environments/${environment.id}`;
    expectRefusal(await person.put(path, { credentials: { roleArn } }), 400, message);
    expect((await person.get(path)).body).toEqual(environment);
  });
});

describe("whether a role asks for its external id", () => {
  const DENIED =
    "User: arn:aws:iam::111111111111:user/local is not authorized to perform: sts:AssumeRole on resource: it " +
    "with an explicit deny in an identity-based policy";

  test("is told by another id alone where this service's own policy forbids to send none", async () => {
    refuseAssuming("without", 403, "AccessDenied", DENIED);
    expect((await register(person, aws, await makeRole(person, aws))).status).toBe(201);
    expectRefusal(await register(person, aws, await makeRole(person, aws, { externalId: "*" })), 400, ANY_ID);
  });

  test.each([
    ["throttles", 400, "Throttling", "Rate exceeded"],
    ["fails", 500, "InternalFailure", "An internal error has occurred."],
  ])("is not known while AWS %s, and such a role is not taken", async (_, status, code, message) => {
    const role = await makeRole(person, aws);
    refuseAssuming("without", status, code, message);
    const reply = await register(person, aws, role);
    expectRefusal(reply, 503, /^Whether the role asks for its external id could not be found out: AWS /);
    expect(reply.headers.get("retry-after")).toMatch(/^\d+$/);
    const { environment } = await createEnvironment(person, { aws });
    const path = `/api/environments/${environment.id}`;
    expectRefusal(await person.put(path, { credentials: { roleArn: role.roleArn } }), 503, /^Whether/);
    vi.restoreAllMocks();
    expect((await register(person, aws, role)).status).toBe(201);
  });
});

describe("the check of an environment with a role", () => {
  test.each<[string, Partial<RoleOptions>, RegExp]>(OPEN_ROLES)(
    "fails when the role %s by now",
    async (_, options, message) => {
      const role = await makeRole(person, aws);
      const { body } = await register(person, aws, role);
      expect(inChecks(body.checks, "external-id")).toMatchObject({ status: "passed", severity: "error" });
      await aws.createRole({ ...role, ...options });
      const checked = await person.post<CheckedEnvironment>(`/api/environments/${body.id}/check`);
      expect(checked.status).toBe(200);
      const found = inChecks(checked.body.checks, "external-id");
      expect(found).toMatchObject({ status: "failed", severity: "error" });
      expect(`${found.detail} ${found.action}`).toMatch(message);
      expect(checked.body.ready).toBe(false);
      // It is moved to nothing else, and what it has stays.
      const path = `/api/environments/${body.id}`;
      const move = () => person.put<CheckedEnvironment>(path, { instance: "demo-mariadb" });
      expectRefusal(await move(), 400, message);
      expectRefusal(await person.put(path, { region: "eu-west-1" }), 400, message);
      expect((await person.put(path, { name: "renamed" })).status).toBe(200);
      expect((await person.put(path, { name: "again", instance: aws.instance })).status).toBe(200);
      await aws.createRole(role);
      expect(await move()).toMatchObject({ status: 200, body: { instance: "demo-mariadb", ready: true } });
    },
  );

  test("knows nothing of a role that can't be assumed, nor while AWS does not say", async () => {
    const role = await makeRole(person, aws);
    const { body } = await register(person, aws, role);
    const check = () => person.post<CheckedEnvironment>(`/api/environments/${body.id}/check`);
    refuseAssuming("without", 500, "InternalFailure", "An internal error has occurred.");
    const unsaid = (await check()).body;
    expect(inChecks(unsaid.checks, "external-id")).toMatchObject({ status: "unknown", severity: "error" });
    expect(unsaid.ready).toBe(true);
    vi.restoreAllMocks();
    await aws.createRole({ ...role, trustedAccountId: aws.accountId });
    const refused = (await check()).body;
    expect(inChecks(refused.checks, "external-id")).toMatchObject({ status: "unknown", severity: "error" });
    expect(refused.ready).toBe(false);
  });

  test("is not made of an access key", async () => {
    const { environment } = await createEnvironment(person, { aws });
    expect(environment.checks.map(({ id }) => id)).not.toContain("external-id");
  });
});

describe("the instances of an account", () => {
  const list = ({ roleArn }: { roleArn: string }) =>
    person.post<{ instances: { instance: string }[] }>("/api/environments/instances", {
      region: aws.region,
      credentials: { roleArn },
    });

  test("are listed by a role that asks for the pending external id, which stays pending", async () => {
    const role = await makeRole(person, aws);
    const { status, body } = await list(role);
    expect(status).toBe(200);
    expect(body.instances.map(({ instance }) => instance)).toContain(aws.instance);
    expect((await register(person, aws, role)).status).toBe(201);
    expectRefusal(await list(role), 400, /^credentials: a role needs an external id/);
  });

  test.each(OPEN_ROLES)("are shown to nobody by a role that %s", async (_, options, message) => {
    expectRefusal(await list(await makeRole(person, aws, options)), 400, message);
  });

  test("are not listed while AWS does not say whether the role asks for its id, or refuses this service's key", async () => {
    const role = await makeRole(person, aws);
    refuseAssuming("without", 500, "InternalFailure", "An internal error has occurred.");
    expectRefusal(await list(role), 503, /^Whether the role asks for its external id/);
    vi.restoreAllMocks();
    const json = { region: aws.region, credentials: { roleArn: role.roleArn } };
    const options = { json, headers: person.headers };
    const variables = { AWS_SECRET_ACCESS_KEY: "of/another+key" };
    const reply = await requestIn(variables, "POST", "/api/environments/instances", options);
    expectRefusal(reply, 503, /^AWS refuses this service's own key/);
  });
});

test("of an account whose role is open, nothing is said", async () => {
  const role = await makeRole(person, aws, { externalId: "*" });
  const instance = "no-such-instance";
  const reply = await person.post("/api/environments", { ...bodyOf(role, aws), instance });
  expectRefusal(reply, 400, ANY_ID);
});
