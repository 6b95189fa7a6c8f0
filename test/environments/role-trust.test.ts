import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { seal } from "../../src/environments/credentials.ts";
import type { CheckedEnvironment, Environment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount, type RoleOptions } from "../local-aws/test/client.ts";
import {
  createCapture,
  createEnvironment,
  expectRefusal,
  makeRole,
  type Person,
  type RequestOptions,
  request,
  requestIn,
  sessionCookie,
  signUp,
} from "../support/api.ts";
import { daily } from "../support/cron.ts";
import { until } from "../support/time.ts";

let person: Person;
let aws: LocalAccount;
beforeEach(async () => {
  [person, aws] = await Promise.all([signUp(), createAccount()]);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const bodyOf = ({ roleArn }: { roleArn: string }, account = aws) => {
  const { region, instance } = account;
  return { name: "by role", region, instance, credentials: { roleArn } };
};
const register = (role: { roleArn: string }, { headers }: RequestOptions = person) =>
  request<CheckedEnvironment & { message: string }>("POST", "/api/environments", {
    json: bodyOf(role),
    headers: { ...headers },
  });
const checkOf = ({ checks }: Pick<CheckedEnvironment, "checks">, id: string) =>
  checks.find((check) => check.id === id);
const pendingId = () =>
  env.DB.prepare("select external_id from pending_external_ids where user_id = ?1")
    .bind(person.id)
    .first<string>("external_id");
const mine = async () => (await person.get<Environment[]>("/api/environments")).body;
/** Answers calls of AWS by `answer`, which gets the action's form; undefined: as AWS does. */
function intercept(answer: (form: URLSearchParams) => Promise<Response | undefined>) {
  const realFetch = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const form = new URLSearchParams(input instanceof Request ? await input.clone().text() : "");
    return (await answer(form)) ?? realFetch(input, init);
  });
}

/** Does something while AWS is asked to assume a role for the first time. */
function whileAsked(meanwhile: () => Promise<unknown>): void {
  let isFirst = true;
  intercept(async (form) => {
    if (form.get("Action") !== "AssumeRole" || !isFirst) return;
    isFirst = false;
    await meanwhile();
  });
}

/** Lets calls for the instance wait for each other, so that two requests are as far. */
function letTwoMeet(): void {
  const both = Promise.withResolvers<void>();
  let count = 0;
  intercept(async (form) => {
    if (form.get("Action") !== "DescribeDBInstances") return;
    if (++count === 2) both.resolve();
    await both.promise;
  });
}

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
    expectRefusal(await register(role), 400, message);
    expect(await mine()).toEqual([]);
    expect(await pendingId()).toBe(role.externalId);
  });

  test.each(OPEN_ROLES)("is refused to an environment when it %s", async (_, options, message) => {
    const { environment } = await createEnvironment(person, { aws });
    const { roleArn } = await makeRole(person, aws, options);
    const path = `/api/environments/${environment.id}`;
    expectRefusal(await person.put(path, { credentials: { roleArn } }), 400, message);
    expect((await person.get(path)).body).toEqual(environment);
  });
});

/** Answers calls of AssumeRole with an error, those with an external id or those without. */
function refuseAssuming(which: "with" | "without", status: number, code: string, message: string) {
  intercept(async (form) => {
    if (form.get("Action") !== "AssumeRole" || form.has("ExternalId") !== (which === "with")) return;
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
    return new Response(`<ErrorResponse>${error}</ErrorResponse>`, { status });
  });
}

describe("whether a role asks for its external id", () => {
  const DENIED =
    "User: arn:aws:iam::111111111111:user/local is not authorized to perform: sts:AssumeRole on resource: it " +
    "with an explicit deny in an identity-based policy";

  test("is told by another id alone where this service's own policy forbids to send none", async () => {
    refuseAssuming("without", 403, "AccessDenied", DENIED);
    expect((await register(await makeRole(person, aws))).status).toBe(201);
    expectRefusal(await register(await makeRole(person, aws, { externalId: "*" })), 400, ANY_ID);
  });

  test.each([
    ["throttles", 400, "Throttling", "Rate exceeded"],
    ["fails", 500, "InternalFailure", "An internal error has occurred."],
  ])("is not known while AWS %s, and such a role is not taken", async (_, status, code, message) => {
    const role = await makeRole(person, aws);
    refuseAssuming("without", status, code, message);
    const reply = await register(role);
    expectRefusal(reply, 503, /^Whether the role asks for its external id could not be found out: AWS /);
    expect(reply.headers.get("retry-after")).toMatch(/^\d+$/);
    const { environment } = await createEnvironment(person, { aws });
    const path = `/api/environments/${environment.id}`;
    expectRefusal(await person.put(path, { credentials: { roleArn: role.roleArn } }), 503, /^Whether/);
    vi.restoreAllMocks();
    expect((await register(role)).status).toBe(201);
  });
});

describe("the check of an environment with a role", () => {
  test.each<[string, Partial<RoleOptions>, RegExp]>(OPEN_ROLES)(
    "fails when the role %s by now",
    async (_, options, message) => {
      const role = await makeRole(person, aws);
      const { body } = await register(role);
      expect(checkOf(body, "external-id")).toMatchObject({ status: "passed", severity: "error" });
      await aws.createRole({ ...role, ...options });
      const checked = await person.post<CheckedEnvironment>(`/api/environments/${body.id}/check`);
      expect(checked.status).toBe(200);
      const found = checkOf(checked.body, "external-id");
      expect(found).toMatchObject({ status: "failed", severity: "error" });
      expect(`${found?.detail} ${found?.action}`).toMatch(message);
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
    const { body } = await register(role);
    const check = () => person.post<CheckedEnvironment>(`/api/environments/${body.id}/check`);
    refuseAssuming("without", 500, "InternalFailure", "An internal error has occurred.");
    const unsaid = (await check()).body;
    expect(checkOf(unsaid, "external-id")).toMatchObject({ status: "unknown", severity: "error" });
    expect(unsaid.ready).toBe(true);
    vi.restoreAllMocks();
    await aws.createRole({ ...role, trustedAccountId: aws.accountId });
    const refused = (await check()).body;
    expect(checkOf(refused, "external-id")).toMatchObject({ status: "unknown", severity: "error" });
    expect(refused.ready).toBe(false);
  });

  test("is not made of an access key", async () => {
    const { environment } = await createEnvironment(person, { aws });
    expect(checkOf(environment, "external-id")).toBeUndefined();
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
    expect((await register(role)).status).toBe(201);
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
  const reply = await person.post("/api/environments", { ...bodyOf(role), instance });
  expectRefusal(reply, 400, ANY_ID);
});

describe("what is wrong with the service's own key", () => {
  test.each([
    ["is not known", { AWS_ACCESS_KEY_ID: "AKIANOSUCHKEY0000000" }, "InvalidClientTokenId"],
    ["has another secret", { AWS_SECRET_ACCESS_KEY: "of/another+key" }, "SignatureDoesNotMatch"],
  ])("is not blamed on a role: a key that %s", async (_, variables, code) => {
    const role = await makeRole(person, aws);
    const options = { json: bodyOf(role), headers: person.headers };
    const reply = await requestIn(variables, "POST", "/api/environments", options);
    expectRefusal(
      reply,
      503,
      /^AWS refuses this service's own key, .* Neither the role nor its trust policy/,
    );
    expect(JSON.stringify(reply.body)).toContain(code);
    const { environment } = await createEnvironment(person, { aws });
    const path = `/api/environments/${environment.id}`;
    const { credentials } = options.json;
    const put = await requestIn(variables, "PUT", path, { json: { credentials }, headers: person.headers });
    expectRefusal(put, 503, /^AWS refuses this service's own key/);
    const made = await register(role);
    const check = `/api/environments/${made.body.id}/check`;
    const checked = await requestIn<CheckedEnvironment>(variables, "POST", check, person);
    const detail = expect.stringMatching(/^AWS refuses this service's own key/);
    expect(checkOf(checked.body, "credentials")).toMatchObject({ status: "unknown", detail });
    expect(checkOf(checked.body, "external-id")).toMatchObject({ status: "unknown" });
  });

  test("is not blamed on a role: a clock that is wrong", async () => {
    const role = await makeRole(person, aws);
    refuseAssuming(
      "with",
      403,
      "SignatureDoesNotMatch",
      "Signature expired: 20261128T000000Z is now earlier",
    );
    expectRefusal(await register(role), 503, /^The clock of this service is wrong, .* are not at fault/);
  });
});

describe("a pending external id", () => {
  test("is the environment's once it is registered, and the next one is another", async () => {
    const role = await makeRole(person, aws);
    const { status, body } = await register(role);
    expect(status).toBe(201);
    expect(body.credentials).toEqual({ ...role, externalIdOrigin: "service" });
    expect(await pendingId()).toBeNull();
    expect((await person.get<Environment>(`/api/environments/${body.id}`)).body.credentials).toEqual(
      body.credentials,
    );
    expectRefusal(await register(role), 400, /^credentials: a role needs an external id of this service's/);
    expect((await makeRole(person, aws)).externalId).not.toBe(role.externalId);
  });

  test("is of no use to anybody else", async () => {
    const role = await makeRole(person, aws);
    const other = await signUp();
    expectRefusal(await register(role, other), 400, /^credentials: a role needs an external id/);
    await makeRole(other, aws);
    expectRefusal(await register(role, other), 400, /sts:AssumeRole.*external id/);
    expect((await register(role)).status).toBe(201);
  });

  test("is one environment's when two are registered with it at once, and the other is told why", async () => {
    const role = await makeRole(person, aws);
    letTwoMeet();
    const replies = await Promise.all([register(role), register(role)]);
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    const refused = replies.find(({ status }) => status === 409) as (typeof replies)[0];
    expectRefusal(refused, 409, /^The external id that this role asks for is not pending any more/);
    expect(await mine()).toHaveLength(1);
  });

  test("is one environment's when one is registered and another changed with it at once", async () => {
    const role = await makeRole(person, aws);
    const { environment } = await createEnvironment(person, { aws });
    letTwoMeet();
    const credentials = { roleArn: role.roleArn };
    const [made, changed] = await Promise.all([
      register(role),
      person.put<Environment>(`/api/environments/${environment.id}`, { credentials }),
    ]);
    const statuses = [made.status, changed.status];
    expect([
      [201, 409],
      [409, 200],
    ]).toContainEqual(statuses);
    const holders = (await mine()).filter(
      ({ credentials: shown }) =>
        shown !== null && "roleArn" in shown && shown.externalId === role.externalId,
    );
    expect(holders).toHaveLength(1);
  });

  test("can be used from another browser than it was asked for in", async () => {
    const role = await makeRole(person, aws);
    const signedIn = await request("POST", "/api/auth/sign-in/email", {
      json: { email: person.email, password: "a long password" },
    });
    const made = await register(role, { headers: { cookie: sessionCookie(signedIn) } });
    expect(made.status).toBe(201);
    expectRefusal(await register(role), 400, /^credentials: a role needs an external id/);
  });

  test("that has expired has to be asked for again", async () => {
    const role = await makeRole(person, aws);
    await expire();
    expectRefusal(await register(role), 400, /^credentials: a role needs an external id/);
    const { environment } = await createEnvironment(person, { aws });
    const credentials = { roleArn: role.roleArn };
    const put = await person.put(`/api/environments/${environment.id}`, { credentials });
    expectRefusal(put, 400, /^credentials: a role needs an external id/);
  });

  test("that expires while AWS is asked is used all the same", async () => {
    const role = await makeRole(person, aws);
    whileAsked(expire);
    expect((await register(role)).status).toBe(201);
    expect(await pendingId()).toBeNull();
  });

  test.each<[string, () => Promise<unknown>]>([
    ["replaced", () => makeRole(person, aws)],
    ["erased", daily],
  ])("that expires and is %s while AWS is asked is not used", async (_, takeAway) => {
    const role = await makeRole(person, aws);
    whileAsked(async () => {
      await expire();
      await takeAway();
    });
    const reply = await register(role);
    expectRefusal(reply, 409, /^The external id that this role asks for is not pending any more/);
    expect(await mine()).toEqual([]);
    expect(await pendingId()).not.toBe(role.externalId);
  });

  test("that is replaced while AWS is asked is not given to an environment that is changed", async () => {
    const { environment } = await createEnvironment(person, { aws });
    const role = await makeRole(person, aws);
    whileAsked(async () => {
      await expire();
      await makeRole(person, aws);
    });
    const path = `/api/environments/${environment.id}`;
    const reply = await person.put(path, { credentials: { roleArn: role.roleArn } });
    expectRefusal(reply, 409, /^The external id that this role asks for is not pending any more/);
    const { body } = await person.get<Environment>(path);
    expect(body.credentials).toEqual(environment.credentials);
  });

  test("is erased by cron once it has expired, and not before", async () => {
    const { externalId } = await makeRole(person, aws);
    await daily();
    expect(await pendingId()).toBe(externalId);
    await expire();
    expect(await daily()).toMatchObject({ externalIds: 1 });
    expect(await pendingId()).toBeNull();
  });

  const expire = () =>
    env.DB.prepare("update pending_external_ids set expires_at = ?2 where user_id = ?1")
      .bind(person.id, Date.now() - 1)
      .run();
});

describe("a request with a role that is repeated with its Idempotency-Key", () => {
  const ask = (role: { roleArn: string }, key: string) =>
    register(role, { headers: { ...person.headers, "idempotency-key": key } });

  test("is answered the same, and needs no pending external id any more", async () => {
    const role = await makeRole(person, aws);
    const key = crypto.randomUUID();
    const first = await ask(role, key);
    expect(first.status).toBe(201);
    await aws.clearRequests();
    const second = await ask(role, key);
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(await aws.requests()).toEqual([]);
    // The next id is left alone.
    const next = await makeRole(person, aws);
    expect((await ask(role, key)).body).toEqual(first.body);
    expect(await pendingId()).toBe(next.externalId);
  });

  test("makes one when five arrive at once, and all are answered with it", async () => {
    const role = await makeRole(person, aws);
    const key = crypto.randomUUID();
    const replies = await Promise.all(Array.from({ length: 5 }, () => ask(role, key)));
    for (const reply of replies) expect(reply).toMatchObject({ status: 201, body: replies[0]?.body });
    expect(await mine()).toHaveLength(1);
  });

  test("is another request with another role", async () => {
    const key = crypto.randomUUID();
    await ask(await makeRole(person, aws), key);
    const next = await makeRole(person, aws);
    expectRefusal(await ask(next, key), 422, /^Idempotency-Key: was sent with another body/);
  });
});

describe("an environment of before the service made external ids", () => {
  const EXTERNAL_ID = "chosen-by-a-person";
  let environment: Environment;
  let role: { roleArn: string };
  let path: string;
  /** Its role, as it was sealed: the row has no id of the service's. */
  beforeEach(async () => {
    ({ environment } = await createEnvironment(person, { aws }));
    path = `/api/environments/${environment.id}`;
    role = await aws.createRole({ externalId: EXTERNAL_ID });
    const sealed = await seal(env, environment.id, { roleArn: role.roleArn, externalId: EXTERNAL_ID });
    await env.DB.prepare(
      `update environments set credentials = ?2, credentials_hint = ?3, external_id = null, is_ready = 1, checks = null,
         checked_at = null, cluster = null where id = ?1`,
    )
      .bind(environment.id, sealed, role.roleArn)
      .run();
  });

  const shown = { externalId: null, externalIdOrigin: "person" };

  test("goes on as it was, and says who chose its external id, but not which it is", async () => {
    const reply = await person.get<Environment>(path);
    expect(reply.body.credentials).toEqual({ roleArn: role.roleArn, ...shown });
    expect(JSON.stringify(reply.body)).not.toContain(EXTERNAL_ID);
    const checked = await person.post<CheckedEnvironment>(`${path}/check`);
    expect(checkOf(checked.body, "external-id")).toMatchObject({ status: "failed", severity: "warning" });
    expect(checked.body.ready).toBe(true);
    const capture = await createCapture(person, { envId: environment.id });
    await until(person, capture, "RUNNING");
    await person.post(`/api/captures/${capture.id}/stop`);
    await until(person, capture, "DONE");
  });

  test("can be pointed at another instance with the role that it has", async () => {
    const reply = await person.put<Environment>(path, { instance: "demo-mariadb" });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      instance: "demo-mariadb",
      credentials: { roleArn: role.roleArn, ...shown },
    });
  });

  test("gets an id of the service's with the role's ARN, once its trust policy asks for that", async () => {
    expectRefusal(
      await person.put(path, { credentials: { roleArn: role.roleArn } }),
      400,
      /^credentials: a role needs an external id of this service's first/,
    );
    const { externalId } = await makeRole(person, aws, { roleArn: role.roleArn });
    const reply = await person.put<Environment>(path, { credentials: { roleArn: role.roleArn } });
    expect(reply.status).toBe(200);
    const own = { roleArn: role.roleArn, externalId, externalIdOrigin: "service" };
    expect(reply.body.credentials).toEqual(own);
    expect(await pendingId()).toBeNull();
    // It is the environment's from now on, whatever else is pending.
    const { roleArn } = await aws.createRole({ externalId });
    const next = await makeRole(person, aws);
    const again = await person.put<Environment>(path, { credentials: { roleArn } });
    expect(again.body.credentials).toEqual({ ...own, roleArn });
    expect(await pendingId()).toBe(next.externalId);
    const checked = await person.post<CheckedEnvironment>(`${path}/check`);
    expect(checkOf(checked.body, "external-id")).toMatchObject({ status: "passed" });
  });

  test("has no external id any more once it has an access key", async () => {
    await makeRole(person, aws, { roleArn: role.roleArn });
    await person.put(path, { credentials: { roleArn: role.roleArn } });
    const reply = await person.put<Environment>(path, { credentials: aws.credentials });
    expect(reply.status).toBe(200);
    const row = await env.DB.prepare("select external_id from environments where id = ?1")
      .bind(environment.id)
      .first();
    expect(row).toEqual({ external_id: null });
  });

  test("keeps the answer to its Idempotency-Key, which has no external id", async () => {
    const key = crypto.randomUUID();
    const json = { name: "before", region: aws.region, instance: aws.instance, credentials: aws.credentials };
    const headers = { ...person.headers, "idempotency-key": key };
    const first = await request<Environment>("POST", "/api/environments", { json, headers });
    await env.DB.prepare(
      "update idempotency_keys set capture = json_remove(capture, '$.environment.externalId') where key = ?1",
    )
      .bind(key)
      .run();
    const second = await request<Environment>("POST", "/api/environments", { json, headers });
    expect(second).toMatchObject({ status: 201, body: first.body });
  });
});
