import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Environment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import {
  createEnvironment,
  expectRefusal,
  makeRole,
  type Person,
  request,
  sessionCookie,
  signUp,
} from "../support/api.ts";
import { daily } from "../support/cron.ts";
import { expirePending, intercept, pendingId, register } from "./by-role.ts";

let person: Person;
let aws: LocalAccount;
beforeEach(async () => {
  [person, aws] = await Promise.all([signUp(), createAccount()]);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const mine = async () => (await person.get<Environment[]>("/api/environments")).body;

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

describe("a pending external id", () => {
  test("is the environment's once it is registered, and the next one is another", async () => {
    const role = await makeRole(person, aws);
    const { status, body } = await register(person, aws, role);
    expect(status).toBe(201);
    expect(body.credentials).toEqual({ ...role, externalIdOrigin: "service" });
    expect(await pendingId(person)).toBeNull();
    expect((await person.get<Environment>(`/api/environments/${body.id}`)).body.credentials).toEqual(
      body.credentials,
    );
    expectRefusal(
      await register(person, aws, role),
      400,
      /^credentials: a role needs an external id of this service's/,
    );
    expect((await makeRole(person, aws)).externalId).not.toBe(role.externalId);
  });

  test("is of no use to anybody else", async () => {
    const role = await makeRole(person, aws);
    const other = await signUp();
    expectRefusal(await register(other, aws, role), 400, /^credentials: a role needs an external id/);
    await makeRole(other, aws);
    expectRefusal(await register(other, aws, role), 400, /sts:AssumeRole.*external id/);
    expect((await register(person, aws, role)).status).toBe(201);
  });

  test("is one environment's when two are registered with it at once, and the other is told why", async () => {
    const role = await makeRole(person, aws);
    letTwoMeet();
    const replies = await Promise.all([register(person, aws, role), register(person, aws, role)]);
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
      register(person, aws, role),
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
    const made = await register({ headers: { cookie: sessionCookie(signedIn) } }, aws, role);
    expect(made.status).toBe(201);
    expectRefusal(await register(person, aws, role), 400, /^credentials: a role needs an external id/);
  });

  test("that has expired has to be asked for again", async () => {
    const role = await makeRole(person, aws);
    await expirePending(person);
    expectRefusal(await register(person, aws, role), 400, /^credentials: a role needs an external id/);
    const { environment } = await createEnvironment(person, { aws });
    const credentials = { roleArn: role.roleArn };
    const put = await person.put(`/api/environments/${environment.id}`, { credentials });
    expectRefusal(put, 400, /^credentials: a role needs an external id/);
  });

  test("that expires while AWS is asked is used all the same", async () => {
    const role = await makeRole(person, aws);
    whileAsked(() => expirePending(person));
    expect((await register(person, aws, role)).status).toBe(201);
    expect(await pendingId(person)).toBeNull();
  });

  test.each<[string, () => Promise<unknown>]>([
    ["replaced", () => makeRole(person, aws)],
    ["erased", daily],
  ])("that expires and is %s while AWS is asked is not used", async (_, takeAway) => {
    const role = await makeRole(person, aws);
    whileAsked(async () => {
      await expirePending(person);
      await takeAway();
    });
    const reply = await register(person, aws, role);
    expectRefusal(reply, 409, /^The external id that this role asks for is not pending any more/);
    expect(await mine()).toEqual([]);
    expect(await pendingId(person)).not.toBe(role.externalId);
  });

  test("that is replaced while AWS is asked is not given to an environment that is changed", async () => {
    const { environment } = await createEnvironment(person, { aws });
    const role = await makeRole(person, aws);
    whileAsked(async () => {
      await expirePending(person);
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
    expect(await pendingId(person)).toBe(externalId);
    await expirePending(person);
    expect(await daily()).toMatchObject({ externalIds: 1 });
    expect(await pendingId(person)).toBeNull();
  });
});

describe("a request with a role that is repeated with its Idempotency-Key", () => {
  const ask = (role: { roleArn: string }, key: string) =>
    register({ headers: { ...person.headers, "idempotency-key": key } }, aws, role);

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
    expect(await pendingId(person)).toBe(next.externalId);
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
