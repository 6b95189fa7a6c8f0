import { beforeAll, describe, expect, it, test, vi } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import {
  type Cast,
  createCapture,
  createCast,
  createEnvironment,
  expectRefusal,
  inNewEnvironment,
  type Person,
  type Reply,
  request,
} from "../support/api.ts";
import { runAlarm, until } from "../support/time.ts";

const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();

let cast: Cast;
let envId: number;

beforeAll(async () => {
  cast = await createCast();
  envId = cast.environment.id;
});

const send = (
  person: Person,
  method: string,
  path: string,
  headers: Record<string, string>,
  json?: unknown,
): Promise<Reply<Capture>> => request(method, path, { json, headers: { ...person.headers, ...headers } });

const pathOf = ({ id }: { id: number }) => `/api/captures/${id}`;
const scheduled = () => createCapture(cast.owner, { envId, scheduledStart: TOMORROW });

/** The tag of what is at a path. */
async function tagOf(path: string, person = cast.owner): Promise<string> {
  const tag = (await person.get(path)).headers.get("etag");
  if (tag === null) throw new Error(`${path} has no tag`);
  return tag;
}

describe("GET /api/captures/{id}", () => {
  it("has a strong tag, and may be cached by the client only, which revalidates it each time", async () => {
    const { headers } = await cast.owner.get(pathOf(await scheduled()));
    expect(headers.get("etag")).toMatch(/^"[\w.]+"$/);
    expect(headers.get("cache-control")).toBe("private, no-cache, no-transform");
  });

  it("answers 304 without a body to a client that has the tag", async () => {
    const path = pathOf(await scheduled());
    const tag = await tagOf(path);
    const reply = await send(cast.member, "GET", path, { "if-none-match": tag });
    expect(reply).toMatchObject({ status: 304, body: undefined });
    expect(reply.headers.get("etag")).toBe(tag);
    expect(reply.headers.get("cache-control")).toBe("private, no-cache, no-transform");
    expect(reply.headers.get("content-type")).toBeNull();
    expect(reply.headers.get("x-request-id")).not.toBeNull();
  });

  it.each([
    ["weak", (tag: string) => `W/${tag}`, 304],
    ["among others", (tag: string) => `"other", W/"a,b" ,${tag}`, 304],
    ["any", () => "*", 304],
    ["another", () => '"other"', 200],
    ["within another", (tag: string) => `"x${tag.slice(1)}`, 200],
    ["without its quotes", (tag: string) => tag.slice(1, -1), 200],
    ["no tag at all", () => "", 200],
    ["garbage", () => 'W/"', 200],
  ])("compares the tags of If-None-Match: %s", async (_, ifNoneMatch, status) => {
    const path = pathOf(await scheduled());
    const headers = { "if-none-match": ifNoneMatch(await tagOf(path)) };
    expect((await send(cast.owner, "GET", path, headers)).status).toBe(status);
  });

  it("makes no body to answer 304", async () => {
    const path = pathOf(await scheduled());
    const tag = await tagOf(path);
    const toIso = vi.spyOn(Date.prototype, "toISOString");
    await send(cast.owner, "GET", path, { "if-none-match": tag });
    expect(toIso).not.toHaveBeenCalled();
    await send(cast.owner, "GET", path, {});
    expect(toIso).toHaveBeenCalled();
    toIso.mockRestore();
  });

  it("answers 304 to a HEAD too", async () => {
    const path = pathOf(await scheduled());
    const tag = await tagOf(path);
    const reply = await send(cast.owner, "HEAD", path, {});
    expect(reply).toMatchObject({ status: 200, body: undefined });
    expect(reply.headers.get("etag")).toBe(tag);
    expect((await send(cast.owner, "HEAD", path, { "if-none-match": tag })).status).toBe(304);
  });

  it("answers no 304 to somebody who may not read it", async () => {
    const capture = await scheduled();
    for (const ifNoneMatch of [await tagOf(pathOf(capture)), "*"]) {
      const headers = { "if-none-match": ifNoneMatch };
      expect((await send(cast.stranger, "GET", pathOf(capture), headers)).status).toBe(404);
      expect((await request("GET", pathOf(capture), { headers })).status).toBe(401);
    }
    await cast.owner.delete(pathOf(capture));
    expect((await send(cast.owner, "GET", pathOf(capture), { "if-none-match": "*" })).status).toBe(404);
  });

  it("changes its tag with each change of what it shows, and only then", async () => {
    const capture = await createCapture(cast.owner, { envId });
    const seen = new Map<string, string>();
    const look = async () => {
      const { body, headers } = await cast.owner.get(pathOf(capture));
      const tag = headers.get("etag") ?? "";
      const shown = JSON.stringify(body);
      expect(seen.get(tag) ?? shown).toBe(shown);
      seen.set(tag, shown);
    };
    await look();
    await runAlarm(capture);
    await look();
    await until(cast.owner, capture, "RUNNING");
    await look();
    await cast.owner.put(pathOf(capture), { name: `renamed ${capture.id}` });
    await look();
    await cast.owner.put(pathOf(capture), { name: `renamed ${capture.id}` });
    await look();
    await cast.owner.post(`${pathOf(capture)}/stop`);
    await look();
    await until(cast.owner, capture, "DONE");
    await look();
    expect(new Set(seen.values()).size).toBe(seen.size);
    expect(seen.size).toBeGreaterThanOrEqual(5);
  });

  it("has a tag that no other capture has", async () => {
    expect(await tagOf(pathOf(await scheduled()))).not.toBe(await tagOf(pathOf(await scheduled())));
  });

  it("is not cached when it is refused", async () => {
    const { headers } = await cast.owner.get("/api/captures/999999");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("etag")).toBeNull();
  });
});

describe("GET /api/captures", () => {
  let person: Person;
  let captures: Capture[];
  let own: number;

  beforeAll(async () => {
    person = cast.admin;
    own = (await createEnvironment(person, { aws: cast.aws })).environment.id;
    captures = [];
    for (let i = 0; i < 3; i++) {
      captures.push(await createCapture(person, { envId: own, scheduledStart: TOMORROW }));
    }
  });

  const list = (query = "") => `/api/captures?envId=${own}${query}`;

  it("has a weak tag, and answers 304 without a body to a client that has it", async () => {
    const tag = await tagOf(list(), person);
    expect(tag).toMatch(/^W\/"[\w-]+"$/);
    for (const ifNoneMatch of [tag, tag.slice(2), `"other", ${tag}`]) {
      const reply = await send(person, "GET", list(), { "if-none-match": ifNoneMatch });
      expect(reply).toMatchObject({ status: 304, body: undefined });
      expect(reply.headers.get("etag")).toBe(tag);
      expect(reply.headers.get("cache-control")).toBe("private, no-cache");
    }
  });

  it("keeps its tag while a capture elsewhere changes", async () => {
    const tag = await tagOf(list(), person);
    const other = await scheduled();
    await cast.owner.put(pathOf(other), { name: `elsewhere ${other.id}` });
    expect(await tagOf(list(), person)).toBe(tag);
  });

  it.each([
    ["renamed", ({ id }: Capture) => person.put(`/api/captures/${id}`, { name: "another name" })],
    ["deleted", ({ id }: Capture) => person.delete(`/api/captures/${id}`)],
    ["made", () => createCapture(person, { envId: own, scheduledStart: TOMORROW })],
  ])("has another tag when a capture is %s", async (_, change) => {
    const capture = await createCapture(person, { envId: own, scheduledStart: TOMORROW });
    const tag = await tagOf(list(), person);
    await change(capture);
    expect((await send(person, "GET", list(), { "if-none-match": tag })).status).toBe(200);
    expect(await tagOf(list(), person)).not.toBe(tag);
  });

  it("changes its tag when a next page comes to exist", async () => {
    const [oldest] = captures;
    const page = list(`&cursor=${(captures[1]?.id ?? 0) + 1}&limit=1`);
    const tag = await tagOf(page, person);
    await person.delete(`/api/captures/${oldest?.id}`);
    expect((await person.get(page)).headers.get("link")).toBeNull();
    expect(await tagOf(page, person)).not.toBe(tag);
  });

  it("has a tag when it is empty, and none when it is refused", async () => {
    const empty = list("&name=nothing%20of%20this%20name");
    const tag = await tagOf(empty, person);
    expect((await send(person, "GET", empty, { "if-none-match": tag })).status).toBe(304);
    expect((await send(person, "GET", empty, { "if-none-match": "*" })).status).toBe(304);
    const refused = await send(cast.stranger, "GET", list(), { "if-none-match": "*" });
    expect(refused.status).toBe(404);
    expect(refused.headers.get("etag")).toBeNull();
  });
});

test("POST /api/captures answers with the tag of the new capture", async () => {
  const json = { name: "new with a tag", envId, scheduledStart: TOMORROW };
  const { headers, body } = await cast.owner.post<Capture>("/api/captures", json);
  expect(headers.get("etag")).toBe(await tagOf(pathOf(body)));
});

const CHANGED = /^If-Match: the capture has changed since/;

describe("PUT /api/captures/{id} with If-Match", () => {
  it("renames the version that the tag names, and answers with the new version's tag", async () => {
    const path = pathOf(await scheduled());
    const reply = await send(cast.owner, "PUT", path, { "if-match": await tagOf(path) }, { name: "matched" });
    expect(reply).toMatchObject({ status: 200, body: { name: "matched" } });
    expect(reply.headers.get("etag")).toBe(await tagOf(path));
    expect(reply.headers.get("cache-control")).toBe("no-store");
  });

  it("is refused, and changes nothing, when the capture has changed since", async () => {
    const capture = await scheduled();
    const path = pathOf(capture);
    const tag = await tagOf(path);
    const between = await cast.admin.put<Capture>(path, { name: `between ${capture.id}` });
    expectRefusal(await send(cast.owner, "PUT", path, { "if-match": tag }, { name: "lost" }), 412, CHANGED);
    expect((await cast.owner.get(path)).body).toEqual(between.body);
  });

  it("lets exactly one of ten succeed that come at once with the same tag", async () => {
    const capture = await scheduled();
    const headers = { "if-match": await tagOf(pathOf(capture)) };
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        send(cast.owner, "PUT", pathOf(capture), headers, { name: `race ${capture.id} ${i}` }),
      ),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
    const won = replies.find(({ status }) => status === 200);
    expect((await cast.owner.get(pathOf(capture))).body).toEqual(won?.body);
  });

  it.each([
    ["any", () => "*", 200],
    ["one of several", (tag: string) => `"other", ${tag}`, 200],
    ["a weak one", (tag: string) => `W/${tag}`, 412],
    ["another's", () => '"1.1.1"', 412],
    ["one without quotes", (tag: string) => tag.slice(1, -1), 412],
    ["one that goes on", (tag: string) => `${tag.slice(0, -1)}.5"`, 412],
    ["one of a later version", (tag: string) => `${tag.slice(0, -1)}5"`, 412],
    ["a list of nothing", () => ",", 412],
  ])("compares tags strictly: %s", async (_, ifMatch, status) => {
    const capture = await scheduled();
    const headers = { "if-match": ifMatch(await tagOf(pathOf(capture))) };
    const name = `strictly ${capture.id}`;
    expect((await send(cast.owner, "PUT", pathOf(capture), headers, { name })).status).toBe(status);
  });

  it("answers no 412 to somebody who may not read the capture", async () => {
    const path = pathOf(await scheduled());
    const rename = (person: Person) => send(person, "PUT", path, { "if-match": '"old"' }, { name: "x" });
    expect((await rename(cast.stranger)).status).toBe(404);
    expect((await rename(cast.member)).status).toBe(403);
    const nobody = await request("PUT", path, { json: { name: "x" }, headers: { "if-match": '"old"' } });
    expect(nobody.status).toBe(401);
  });

  it("says that the name is taken when the tag matches", async () => {
    const [one, other] = [await scheduled(), await scheduled()];
    const rename = async (tag: string) =>
      send(cast.owner, "PUT", pathOf(one), { "if-match": tag }, { name: other.name });
    expect((await rename(await tagOf(pathOf(one)))).status).toBe(400);
    expect((await rename('"old"')).status).toBe(412);
  });
});

describe.each([
  ["DELETE", ""],
  ["POST", "/stop"],
])("%s /api/captures/{id}%s with If-Match", (method, suffix) => {
  it("changes the version that the tag names, and no other", async () => {
    const { environment } = await inNewEnvironment(cast);
    const made = await createCapture(cast.owner, { envId: environment.id });
    const capture = await until(cast.owner, made, "RUNNING");
    const path = pathOf(capture);
    const old = await tagOf(path);
    await cast.owner.put(path, { name: `looked at ${capture.id}` });
    const act = (tag: string) => send(cast.owner, method, `${path}${suffix}`, { "if-match": tag });
    expectRefusal(await act(old), 412, CHANGED);
    expect((await cast.owner.get(path)).body).toMatchObject({ status: "RUNNING" });
    const { body: events } = await cast.owner.get<unknown[]>(`${path}/events`);
    expect(events).toHaveLength(3);
    expect((await act(await tagOf(path))).status).toBe(200);
  });
});

describe("a change with If-None-Match", () => {
  const NAMED = /^If-None-Match: names the version/;

  it.each([
    ["any", () => "*", 412],
    ["the version that is there", (tag: string) => tag, 412],
    ["that version, weakly, among others", (tag: string) => `"other" ,W/${tag}`, 412],
    ["another version", (tag: string) => `${tag.slice(0, -1)}5"`, 200],
    ["another's", () => '"1.1.1"', 200],
    ["no tag at all", () => "x", 200],
  ])("renames only what it does not name: %s", async (_, ifNoneMatch, status) => {
    const capture = await scheduled();
    const headers = { "if-none-match": ifNoneMatch(await tagOf(pathOf(capture))) };
    const name = `not this one ${capture.id}`;
    const reply = await send(cast.owner, "PUT", pathOf(capture), headers, { name });
    if (status === 412) expectRefusal(reply, 412, NAMED);
    expect(reply.status).toBe(status);
    expect((await cast.owner.get(pathOf(capture))).body).toMatchObject({
      name: status === 200 ? name : capture.name,
    });
  });

  it.each([
    ["DELETE", ""],
    ["POST", "/stop"],
  ])("neither deletes nor stops what it names: %s", async (method, suffix) => {
    const { environment } = await inNewEnvironment(cast);
    const made = await createCapture(cast.owner, { envId: environment.id });
    const path = pathOf(await until(cast.owner, made, "RUNNING"));
    const headers = { "if-none-match": await tagOf(path) };
    expectRefusal(await send(cast.owner, method, `${path}${suffix}`, headers), 412, NAMED);
    expect((await cast.owner.get(path)).body).toMatchObject({ status: "RUNNING" });
  });

  it("is refused for its If-Match first, and reveals nothing to somebody who may not read the capture", async () => {
    const path = pathOf(await scheduled());
    const both = { "if-match": '"old"', "if-none-match": "*" };
    const rename = (person: Person) => send(person, "PUT", path, both, { name: "x" });
    expectRefusal(await rename(cast.owner), 412, CHANGED);
    expect((await rename(cast.stranger)).status).toBe(404);
    expect((await rename(cast.member)).status).toBe(403);
  });
});

test("a capture that can't be stopped says why, whatever the preconditions", async () => {
  const path = `${pathOf(await scheduled())}/stop`;
  for (const headers of [{}, { "if-match": '"old"' }, { "if-none-match": "*" }]) {
    expectRefusal(await send(cast.owner, "POST", path, headers), 409, /^Cannot stop a capture until/);
  }
});
