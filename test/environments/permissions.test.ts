import { beforeAll, describe, expect, test } from "vitest";
import { type Cast, createCast, createEnvironment, personWith, signUp } from "../support/api.ts";

const PEOPLE = ["nobody", "revoked", "stranger", "member", "admin"] as const;
type Who = (typeof PEOPLE)[number];

const LOGIN_REQUIRED = [401, "Login required"] as const;
const NOT_FOUND = [404, "Environment does not exist"] as const;
const NOT_ADMIN = [403, "Only an admin of the environment may do this"] as const;

/** Every endpoint of one environment; `member` and `admin` are what they are answered. */
const ENDPOINTS: {
  method: "get" | "post" | "put" | "delete";
  path: (cast: Cast, id: number) => string;
  json?: unknown;
  member: number | typeof NOT_ADMIN;
  admin: number;
}[] = [
  { method: "get", path: (_, id) => `/${id}`, member: 200, admin: 200 },
  { method: "put", path: (_, id) => `/${id}`, json: { name: "renamed" }, member: NOT_ADMIN, admin: 200 },
  { method: "delete", path: (_, id) => `/${id}`, member: NOT_ADMIN, admin: 200 },
  { method: "post", path: (_, id) => `/${id}/check`, member: 200, admin: 200 },
  { method: "post", path: (_, id) => `/${id}/abandon`, member: NOT_ADMIN, admin: 200 },
  { method: "get", path: (_, id) => `/${id}/erasure`, member: 200, admin: 200 },
  {
    method: "post",
    path: (_, id) => `/${id}/erasure`,
    json: { what: "workloads" },
    member: NOT_ADMIN,
    admin: 200,
  },
  { method: "get", path: (_, id) => `/${id}/members`, member: 200, admin: 200 },
  {
    method: "put",
    path: ({ owner }, id) => `/${id}/members/${owner.id}`,
    json: { role: "admin" },
    member: NOT_ADMIN,
    admin: 200,
  },
  { method: "delete", path: ({ owner }, id) => `/${id}/members/${owner.id}`, member: NOT_ADMIN, admin: 200 },
  {
    method: "post",
    path: (_, id) => `/${id}/invites`,
    json: { role: "member" },
    member: NOT_ADMIN,
    admin: 201,
  },
  { method: "get", path: (_, id) => `/${id}/invites`, member: NOT_ADMIN, admin: 200 },
  // There is no such invite.
  { method: "delete", path: (_, id) => `/${id}/invites/none`, member: NOT_ADMIN, admin: 404 },
  { method: "get", path: (_, id) => `/${id}/audit`, member: NOT_ADMIN, admin: 200 },
];

/** What is answered to somebody. */
function expected(who: Who, { member, admin }: (typeof ENDPOINTS)[number]) {
  switch (who) {
    case "nobody":
    case "revoked":
      return LOGIN_REQUIRED;
    case "stranger":
      return NOT_FOUND;
    case "member":
      return member;
    case "admin":
      return admin;
  }
}

let cast: Cast;
let people: Record<Who, Cast["admin"]>;
beforeAll(async () => {
  cast = await createCast();
  const revoked = await signUp("Revoked");
  await revoked.post("/api/auth/sign-out");
  people = { ...cast, nobody: personWith("", "", {}), revoked };
});

const cases = ENDPOINTS.flatMap((endpoint) => PEOPLE.map((who) => ({ endpoint, who })))
  // The admin's changes come last, for the environment is gone after them.
  .filter(({ endpoint, who }) => who !== "admin" || endpoint.method === "get");

const name = (endpoint: (typeof ENDPOINTS)[number]) =>
  `${endpoint.method.toUpperCase()} ${endpoint
    .path({ owner: { id: "{userId}" } } as Cast, 0)
    .replace("/0", "/{id}")
    .replace("none", "{inviteId}")}`;

describe.each(ENDPOINTS.map((endpoint) => ({ endpoint, title: name(endpoint) })))(
  "$title",
  ({ endpoint }) => {
    test.each(cases.filter((one) => one.endpoint === endpoint).map(({ who }) => who))(
      "for %s",
      async (who) => {
        const path = `/api/environments${endpoint.path(cast, cast.environment.id)}`;
        const reply = await people[who][endpoint.method](path, endpoint.json);
        const wanted = expected(who, endpoint);
        if (typeof wanted === "number") {
          expect(reply.status).toBe(wanted);
        } else {
          expect(reply.status).toBe(wanted[0]);
          expect(reply.body).toEqual({ code: wanted[0], message: wanted[1] });
        }
      },
    );

    test("answers a stranger as for an environment that does not exist", async () => {
      const ask = (id: number) =>
        people.stranger[endpoint.method](`/api/environments${endpoint.path(cast, id)}`, endpoint.json);
      const [theirs, none] = [await ask(cast.environment.id), await ask(987_654_321)];
      expect(theirs.status).toBe(404);
      expect(theirs.body).toEqual(none.body);
      expect([...theirs.headers.keys()].sort()).toEqual([...none.headers.keys()].sort());
    });

    test("is for admins of that environment only, not of another", async () => {
      const { environment } = await createEnvironment(people.stranger, { aws: cast.aws });
      expect(environment.role).toBe("admin");
      const path = `/api/environments${endpoint.path(cast, cast.environment.id)}`;
      expect((await people.stranger[endpoint.method](path, endpoint.json)).status).toBe(404);
    });
  },
);

test("an admin may do it all", async () => {
  const changes = ENDPOINTS.filter(({ method }) => method !== "get");
  // Deletion last.
  changes.sort((a, b) => Number(name(a) === "DELETE /{id}") - Number(name(b) === "DELETE /{id}"));
  for (const endpoint of changes) {
    const path = `/api/environments${endpoint.path(cast, cast.environment.id)}`;
    const reply = await people.admin[endpoint.method](path, endpoint.json);
    expect([name(endpoint), reply.status]).toEqual([name(endpoint), endpoint.admin]);
  }
});

test.each(["get", "post"] as const)("%s of all environments asks for a login", async (method) => {
  for (const who of ["nobody", "revoked"] as const) {
    const reply = await people[who][method]("/api/environments", method === "post" ? {} : undefined);
    expect(reply.status).toBe(401);
    expect(reply.body).toEqual({ code: 401, message: "Login required" });
  }
});
