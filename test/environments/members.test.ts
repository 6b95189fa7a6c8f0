import { beforeEach, describe, expect, test } from "vitest";
import type { Member } from "../../src/environments/replies.ts";
import { addMember, type Cast, createCast, type Person } from "../support/api.ts";

const LAST_ADMIN = {
  code: 409,
  message: "Environment needs at least one admin: make another member admin first",
};
const NO_MEMBER = { code: 404, message: "Member not found" };

let cast: Cast;
let path: string;
beforeEach(async () => {
  cast = await createCast();
  path = `/api/environments/${cast.environment.id}/members`;
});

const roles = async (person: Person) =>
  Object.fromEntries((await person.get<Member[]>(path)).body.map(({ userId, role }) => [userId, role]));

const setRole = (by: Person, whom: { id: string }, role: unknown) => by.put(`${path}/${whom.id}`, { role });
const remove = (by: Person, whom: { id: string }) => by.delete(`${path}/${whom.id}`);

describe("the members of an environment", () => {
  test("are listed for every member, in the order they joined", async () => {
    const { admin, owner, member } = cast;
    const reply = await member.get<Member[]>(path);
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual(
      [admin, owner, member].map(({ id, email }, i) => ({
        userId: id,
        name: ["Admin", "Owner", "Member"][i],
        email,
        role: i === 0 ? "admin" : "member",
        emailVerified: false,
        joinedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      })),
    );
  });
});

describe("a role", () => {
  test("can be given by an admin, and works at once", async () => {
    const { admin, member, owner } = cast;
    expect((await setRole(member, owner, "member")).status).toBe(403);
    const reply = await setRole(admin, member, "admin");
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ userId: member.id, role: "admin" });
    expect((await setRole(member, owner, "member")).status).toBe(200);
    await setRole(admin, member, "member");
    expect((await setRole(member, owner, "member")).status).toBe(403);
  });

  test("that somebody has already can be given again", async () => {
    const { admin, member } = cast;
    expect((await setRole(admin, member, "member")).status).toBe(200);
    expect((await setRole(admin, admin, "admin")).status).toBe(200);
  });

  test.each([
    ["is missing", undefined],
    ["is null", null],
    ["is unknown", "owner"],
    ["is in capitals", "ADMIN"],
    ["is a list", ["admin"]],
  ])("that %s is refused", async (_, role) => {
    const reply = await setRole(cast.admin, cast.member, role);
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ code: 400, message: "role: must be one of admin, member, viewer" });
  });

  test.each([
    ["a stranger", () => cast.stranger.id],
    ["nobody", () => "no-such-user"],
    ["something that is no id", () => "%00'--"],
  ])("can't be given to %s", async (_, id) => {
    const reply = await setRole(cast.admin, { id: id() }, "admin");
    expect(reply.status).toBe(404);
    expect(reply.body).toEqual(NO_MEMBER);
  });

  test("can't be taken by a member for himself", async () => {
    expect((await setRole(cast.member, cast.member, "admin")).status).toBe(403);
    expect((await roles(cast.admin))[cast.member.id]).toBe("member");
  });
});

describe("removing a member", () => {
  test("takes effect at once", async () => {
    const { admin, member, environment } = cast;
    const reply = await remove(admin, member);
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ userId: member.id });
    expect((await member.get(`/api/environments/${environment.id}`)).status).toBe(404);
    expect((await member.get("/api/environments")).body).toEqual([]);
    expect((await remove(admin, member)).body).toEqual(NO_MEMBER);
  });

  test("is for admins only, but anybody may leave", async () => {
    const { member, owner, admin } = cast;
    expect((await remove(member, owner)).status).toBe(403);
    expect((await remove(member, admin)).status).toBe(403);
    expect((await remove(member, member)).status).toBe(200);
    expect(Object.keys(await roles(admin))).toEqual([admin.id, owner.id]);
  });

  test("by somebody who has just left changes nothing", async () => {
    const { member, owner, admin } = cast;
    await remove(member, member);
    expect((await remove(member, owner)).status).toBe(404);
    expect(Object.keys(await roles(admin))).toContain(owner.id);
  });

  test("lets him come back by another invite", async () => {
    const { admin, member, environment } = cast;
    await remove(admin, member);
    await addMember(admin, environment.id, member);
    expect((await roles(member))[member.id]).toBe("member");
  });
});

describe("the last admin", () => {
  test("can be neither demoted nor removed, and can't leave, while there are members", async () => {
    const { admin } = cast;
    for (const reply of [await setRole(admin, admin, "member"), await remove(admin, admin)]) {
      expect(reply.status).toBe(409);
      expect(reply.body).toEqual(LAST_ADMIN);
    }
    expect((await roles(admin))[admin.id]).toBe("admin");
  });

  test("can leave once there is another", async () => {
    const { admin, member } = cast;
    await setRole(admin, member, "admin");
    expect((await remove(admin, admin)).status).toBe(200);
    expect((await setRole(member, member, "member")).body).toEqual(LAST_ADMIN);
  });

  test.each([
    ["demote each other", (by: Person, whom: Person) => setRole(by, whom, "member")],
    ["remove each other", (by: Person, whom: Person) => remove(by, whom)],
    ["step down", (by: Person) => setRole(by, by, "member")],
    ["leave", (by: Person) => remove(by, by)],
  ])("is left when two admins %s at once", async (_, act) => {
    const { admin, member, owner } = cast;
    await setRole(admin, member, "admin");
    const replies = await Promise.all([act(admin, member), act(member, admin)]);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    const admins = Object.values(await roles(owner)).filter((role) => role === "admin");
    expect(admins).toHaveLength(1);
  });
});
