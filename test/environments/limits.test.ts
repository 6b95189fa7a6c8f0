import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import {
  addMember,
  createEnvironment,
  expectRefusal,
  type Person,
  requestIn,
  signUp,
} from "../support/api.ts";

describe("the environments that one is an admin of", () => {
  const FULL =
    "You are an admin of 2 environments, which is the most you may be: delete one, or leave it, first";
  let aws: LocalAccount;
  beforeAll(async () => {
    aws = await createAccount();
  });

  const make = ({ headers }: Person, more: Record<string, string> = {}) => {
    const { region, instance, credentials } = aws;
    const json = { name: "one more", region, instance, credentials };
    const bindings = { MAX_ENVIRONMENTS: "2" };
    return requestIn<{ id: number }>(bindings, "POST", "/api/environments", {
      json,
      headers: { ...headers, ...more },
    });
  };
  const count = (sql = "select count(*) as n from environments where deleted_at is null") =>
    env.DB.prepare(sql).first<number>("n");

  it("are as many as they may be: the next is refused with 409 before AWS is asked", async () => {
    const person = await signUp("Maker");
    expect((await make(person)).status).toBe(201);
    const last = await make(person);
    expect(last.status).toBe(201);
    const before = await count();
    await aws.clearRequests();
    expectRefusal(await make(person), 409, FULL);
    expect(await aws.requests()).toEqual([]);
    expect(await count()).toBe(before);
    await person.delete(`/api/environments/${last.body.id}`);
    expect((await make(person)).status).toBe(201);
  });

  it("are one more of five that are made at once for the last place", async () => {
    const person = await signUp("Racer");
    await make(person);
    const replies = await Promise.all(Array.from({ length: 5 }, () => make(person)));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    const { body } = await person.get<unknown[]>("/api/environments");
    expect(body).toHaveLength(2);
  });

  it("are not those of which one is a member", async () => {
    const [admin, person] = [await signUp("Admin"), await signUp("Joiner")];
    for (let i = 0; i < 3; i++) {
      const { environment } = await createEnvironment(admin, { aws });
      await addMember(admin, environment.id, person);
    }
    expect((await make(person)).status).toBe(201);
  });

  it("are as they were for a request that is repeated, and a refused one has not used its key", async () => {
    const person = await signUp("Repeater");
    const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
    await make(person);
    const made = await make(person, { "idempotency-key": first });
    expect(await make(person, { "idempotency-key": first })).toMatchObject({ status: 201, body: made.body });
    expectRefusal(await make(person, { "idempotency-key": second }), 409, FULL);
    await person.delete(`/api/environments/${made.body.id}`);
    expect((await make(person, { "idempotency-key": second })).status).toBe(201);
  });
});

describe("the open invites of an environment", () => {
  const FULL =
    "Environment has 2 invites that can still be accepted, which is the most it may have: wait until some are used or expire";
  let admin: Person;
  beforeAll(async () => {
    admin = await signUp("Admin");
  });

  async function environmentWith(open: number) {
    const { environment } = await createEnvironment(admin);
    const invite = (person: Person = admin) =>
      requestIn<{ code: string }>(
        { MAX_OPEN_INVITES: "2" },
        "POST",
        `/api/environments/${environment.id}/invites`,
        {
          json: { role: "member" },
          headers: person.headers,
        },
      );
    const codes = [];
    for (let i = 0; i < open; i++) codes.push((await invite()).body.code);
    return { envId: environment.id, invite, codes };
  }

  it("are as many as there may be: 409 says so, and no other is made", async () => {
    const { envId, invite } = await environmentWith(2);
    expectRefusal(await invite(), 409, FULL);
    const made = env.DB.prepare("select count(*) as n from invites where env_id = ?").bind(envId);
    expect(await made.first("n")).toBe(2);
    expect((await (await environmentWith(0)).invite()).status).toBe(201);
  });

  it("are one more of five that are made at once for the last place", async () => {
    const { invite } = await environmentWith(1);
    const replies = await Promise.all(Array.from({ length: 5 }, () => invite()));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  it("are not those that were accepted, or have expired", async () => {
    const { envId, invite, codes } = await environmentWith(2);
    const person = await signUp("Invited");
    await person.post("/api/invites/accept", { code: codes[0] });
    expect((await invite()).status).toBe(201);
    expectRefusal(await invite(), 409, FULL);
    await env.DB.prepare("update invites set expires_at = 1 where env_id = ?").bind(envId).run();
    expect((await invite()).status).toBe(201);
  });

  it("are no reason that others than its admins are told", async () => {
    const { envId, invite } = await environmentWith(1);
    const member = await signUp("Member");
    await addMember(admin, envId, member);
    await invite();
    expectRefusal(await invite(member), 403, "Only an admin of the environment may do this");
    expectRefusal(await invite(await signUp("Stranger")), 404, "Environment does not exist");
  });
});
