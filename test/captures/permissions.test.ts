import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { type Cast, createCapture, createCast, type Person, personWith, request } from "../support/api.ts";
import { until } from "../support/time.ts";

const ENVIRONMENT = "Environment does not exist";
const CAPTURES_ENVIRONMENT = "Capture's environment not found";
const CAPTURE = "Capture not found";

/** Every endpoint, who may use it, and what somebody is answered who may not know of it. */
const ENDPOINTS: {
  name: string;
  send(
    person: Pick<Person, "get" | "post" | "put" | "delete">,
    capture: Capture,
  ): Promise<{ status: number; body: unknown }>;
  notFound: string;
  /** Whether a member who is neither the owner nor an admin may. */
  member: 200 | 403;
}[] = [
  {
    name: "GET /api/captures?envId=",
    send: (person, { envId }) => person.get(`/api/captures?envId=${envId}`),
    notFound: ENVIRONMENT,
    member: 200,
  },
  {
    name: "GET /api/captures/{id}",
    send: (person, { id }) => person.get(`/api/captures/${id}`),
    notFound: CAPTURES_ENVIRONMENT,
    member: 200,
  },
  {
    name: "GET /api/captures/{id}/metrics",
    send: (person, { id }) => person.get(`/api/captures/${id}/metrics`),
    notFound: CAPTURES_ENVIRONMENT,
    member: 200,
  },
  {
    name: "GET /api/captures/{id}/events",
    send: (person, { id }) => person.get(`/api/captures/${id}/events`),
    notFound: CAPTURES_ENVIRONMENT,
    member: 200,
  },
  ...["workload", "workload/digest", "workload/download"].map((path) => ({
    name: `GET /api/captures/{id}/${path}`,
    send: (person: Pick<Person, "get">, { id }: Capture) => person.get(`/api/captures/${id}/${path}`),
    notFound: CAPTURES_ENVIRONMENT,
    member: 200 as const,
  })),
  {
    name: "POST /api/captures",
    send: (person, { envId }) =>
      person.post("/api/captures", { name: crypto.randomUUID(), envId, scheduledStart: TOMORROW }),
    notFound: ENVIRONMENT,
    member: 200,
  },
  {
    name: "PUT /api/captures/{id}",
    send: (person, { id }) => person.put(`/api/captures/${id}`, { name: crypto.randomUUID() }),
    notFound: CAPTURE,
    member: 403,
  },
  {
    name: "POST /api/captures/{id}/stop",
    send: (person, { id }) => person.post(`/api/captures/${id}/stop`),
    notFound: CAPTURE,
    member: 403,
  },
  {
    name: "POST /api/captures/{id}/restore",
    send: (person, { id }) => person.post(`/api/captures/${id}/restore`),
    notFound: CAPTURE,
    member: 403,
  },
  {
    name: "DELETE /api/captures/{id}",
    send: (person, { id }) => person.delete(`/api/captures/${id}`),
    notFound: CAPTURE,
    member: 403,
  },
];

const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

const KEY_NOT_KNOWN = "API key is not known, was revoked or has expired";

/** A running capture of the plain member who is its owner. */
async function running(): Promise<Capture> {
  const capture = await createCapture(cast.owner, { envId: cast.environment.id });
  return until(cast.owner, capture, "RUNNING");
}

describe.each(ENDPOINTS)("$name", ({ send, notFound, member }) => {
  it.each([
    ["without a credential", {}, "Login required"],
    ["with a cookie that nobody signed", { cookie: "captures.session_token=abc.def" }, "Login required"],
    ["with a key that nobody made", { "x-api-key": "nobody" }, KEY_NOT_KNOWN],
    ["with a bearer token that nobody made", { authorization: "Bearer nobody" }, KEY_NOT_KNOWN],
    ["with another scheme", { authorization: "Basic ZGVtbzpkZW1v" }, "Login required"],
  ] as [string, Record<string, string>, string][])("answers 401 %s", async (_, headers, message) => {
    const { status, body } = await send(personWith("", "", headers), await running());
    expect({ status, body }).toEqual({ status: 401, body: { code: 401, message } });
  });

  it("answers a stranger as if the capture did not exist", async () => {
    const capture = await running();
    const stranger = await send(cast.stranger, capture);
    const nothing = await send(cast.admin, { ...capture, id: 999_999, envId: 999_999 });
    expect(stranger).toMatchObject({ status: 404, body: { code: 404, message: notFound } });
    expect(nothing).toMatchObject({ status: 404, body: stranger.body as object });
    const after = await cast.owner.get<Capture>(`/api/captures/${capture.id}`);
    expect(after.body).toEqual(capture);
  });

  it(`answers ${member} to a member who does not own the capture`, async () => {
    const capture = await running();
    const { status, body } = await send(cast.member, capture);
    expect(status).toBe(member);
    if (member === 200) return;
    expect(body).toEqual({
      code: 403,
      message: "Only the capture's owner or an admin of its environment may do this",
    });
    expect((await cast.owner.get<Capture>(`/api/captures/${capture.id}`)).body).toEqual(capture);
  });

  it("serves the capture's owner", async () => {
    expect((await send(cast.owner, await running())).status).toBe(200);
  });

  it("serves an admin of the environment", async () => {
    expect((await send(cast.admin, await running())).status).toBe(200);
  });
});

describe("GET /api/captures", () => {
  it("answers 401 to somebody who is not signed in", async () => {
    expect(await request("GET", "/api/captures")).toMatchObject({
      status: 401,
      body: { message: "Login required" },
    });
  });

  it("shows a stranger nothing", async () => {
    expect(await cast.stranger.get("/api/captures")).toMatchObject({ status: 200, body: [] });
  });
});

it("an owner who is no member any more has no rights", async () => {
  const leaver = cast.member;
  const capture = await createCapture(leaver, { envId: cast.environment.id, scheduledStart: TOMORROW });
  await cast.admin.delete(`/api/environments/${cast.environment.id}/members/${leaver.id}`);
  expect((await leaver.delete(`/api/captures/${capture.id}`)).status).toBe(404);
  expect((await leaver.get(`/api/captures/${capture.id}`)).status).toBe(404);
  expect((await cast.admin.get(`/api/captures/${capture.id}`)).status).toBe(200);
});

it("input never becomes a part of a statement", async () => {
  const name = "'); drop table captures; --";
  const capture = await createCapture(cast.owner, {
    envId: cast.environment.id,
    name,
    scheduledStart: TOMORROW,
  });
  const { body } = await cast.owner.get<Capture[]>(`/api/captures?name=${encodeURIComponent(name)}`);
  expect(body.map(({ id }) => id)).toEqual([capture.id]);
  expect(await env.DB.prepare("select count(*) as n from captures").first<number>("n")).toBeGreaterThan(0);
});
