import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Capture, FullCapture } from "../../src/captures/replies.ts";
import { type Cast, createCapture, createCast, expectRefusal, request } from "../support/api.ts";
import { inFuture, until } from "../support/time.ts";

let cast: Cast;
let envId: number;

beforeAll(async () => {
  cast = await createCast();
  envId = cast.environment.id;
});

const scheduled = (fields: Record<string, unknown> = {}) =>
  createCapture(cast.owner, { envId, scheduledStart: inFuture(86_400_000), ...fields });
const fullOf = ({ id }: { id: number }, person = cast.member) =>
  person.get<FullCapture>(`/api/captures/${id}?view=full`);

describe("GET /api/captures/{id}?view=full", () => {
  it("shows the specification's fields, and all that a capture was made with", async () => {
    const capture = await scheduled({
      duration: 3600,
      log: "both",
      minDuration: 12.5,
      redact: "literals",
      maxBytes: 1_000_000,
      labels: { team: "checkout", release: "1.2: final" },
      notes: "  With the new index.\nSee the ticket.  ",
    });
    expect((await fullOf(capture)).body).toEqual({
      ...capture,
      owner: { id: cast.owner.id, name: "Owner" },
      createdAt: expect.any(String),
      duration: 3600,
      backDated: false,
      log: "both",
      minDuration: 12.5,
      redact: "literals",
      maxBytes: 1_000_000,
      labels: { release: "1.2: final", team: "checkout" },
      notes: "With the new index.\nSee the ticket.",
      failedFrom: null,
      obstacle: null,
      clusterRole: null,
      erased: null,
      deletedAt: null,
      schedule: null,
      restorableUntil: null,
    });
  });

  it("shows what was left to the service", async () => {
    const { body } = await fullOf(await createCapture(cast.owner, { envId }));
    expect(body).toMatchObject({ duration: null, log: "general", minDuration: null, redact: "secrets" });
    expect(body).toMatchObject({ maxBytes: null, labels: {}, notes: null });
  });

  it("shows that a capture is back-dated, also one of before this was stored", async () => {
    const start = new Date(Date.now() - 7_200_000).toISOString();
    const capture = await createCapture(cast.owner, { envId, start, duration: 60 });
    expect((await fullOf(capture)).body.backDated).toBe(true);
    const migration = env.MIGRATIONS.find(({ name }) => name.startsWith("0003"))?.queries.at(-1) as string;
    await env.DB.prepare("update captures set back_dated = 0 where id = ?1").bind(capture.id).run();
    await env.DB.prepare(migration).run();
    expect((await fullOf(capture)).body.backDated).toBe(true);
  });

  it("shows in which state a capture failed", async () => {
    const capture = await scheduled();
    await cast.owner.post(`/api/captures/${capture.id}/cancel`);
    expect((await fullOf(capture)).body).toMatchObject({ status: "FAILED", failedFrom: "SCHEDULED" });
  });

  it("leaves every reply without it as it is", async () => {
    const capture = await scheduled({ labels: { a: "b" }, notes: "x" });
    const { body } = await cast.owner.get<Capture>(`/api/captures/${capture.id}`);
    expect(Object.keys(body)).toEqual([
      ...[
        "id",
        "name",
        "start",
        "scheduledStart",
        "scheduledEnd",
        "end",
        "status",
        "envId",
        "type",
        "reason",
      ],
    ]);
    expect(Object.keys(capture)).toEqual(Object.keys(body));
    expect((await cast.owner.get<Capture[]>("/api/captures")).body.find(({ id }) => id === body.id)).toEqual(
      body,
    );
  });

  it("shows the same in a list", async () => {
    const capture = await scheduled({ labels: { a: "b" } });
    const { body } = await cast.owner.get<FullCapture[]>("/api/captures?view=full&limit=1");
    expect(body).toEqual([(await fullOf(capture)).body]);
  });

  it("has a tag of its own, which a change may be for, and which changes with the owner's name", async () => {
    const capture = await scheduled();
    const path = `/api/captures/${capture.id}`;
    const plain = (await cast.owner.get(path)).headers.get("etag") ?? "";
    const full = (await fullOf(capture)).headers.get("etag") ?? "";
    expect(full).toMatch(/^"[\w.-]+"$/);
    expect(full).not.toBe(plain);
    const ask = (method: string, tag: string, header: string, json?: unknown) =>
      request(method, method === "GET" ? `${path}?view=full` : path, {
        json,
        headers: { ...cast.owner.headers, [header]: tag },
      });
    expect((await ask("GET", full, "if-none-match")).status).toBe(304);
    expect((await ask("GET", plain, "if-none-match")).status).toBe(200);
    expect((await ask("PUT", full, "if-none-match", { notes: "x" })).status).toBe(412);
    expect((await ask("PUT", full, "if-match", { notes: "x" })).status).toBe(200);
    expect((await ask("PUT", full, "if-match", { notes: "y" })).status).toBe(412);
    const before = (await fullOf(capture)).headers.get("etag");
    const list = async () => (await cast.owner.get("/api/captures?view=full&limit=1")).headers.get("etag");
    const listed = await list();
    await env.DB.prepare("update user set name = 'Renamed' where id = ?1").bind(cast.owner.id).run();
    expect((await fullOf(capture)).headers.get("etag")).not.toBe(before);
    expect(await list()).not.toBe(listed);
    await env.DB.prepare("update user set name = 'Owner' where id = ?1").bind(cast.owner.id).run();
  });

  it("is refused to those who may not see the capture, and in other words than full", async () => {
    const capture = await scheduled();
    expectRefusal(await fullOf(capture, cast.stranger), 404, "Capture's environment not found");
    const reply = await cast.owner.get(`/api/captures/${capture.id}?view=all`);
    expectRefusal(reply, 400, "view: must be full, or absent");
    expectRefusal(await cast.owner.get("/api/captures?view=all"), 400, "view: must be full, or absent");
  });
});

describe("labels and notes", () => {
  it("are changed, replaced and taken away by PUT, and change nothing else", async () => {
    const capture = await scheduled({ labels: { a: "1" }, notes: "first" });
    const path = `/api/captures/${capture.id}`;
    const put = async (json: object) => {
      expect((await cast.owner.put(path, json)).body).toEqual(capture);
      const { labels, notes } = (await fullOf(capture)).body;
      return { labels, notes };
    };
    expect(await put({ labels: { b: "2", "app/x.y-z_1": "ü" } })).toEqual({
      labels: { "app/x.y-z_1": "ü", b: "2" },
      notes: "first",
    });
    expect(await put({ notes: "second" })).toMatchObject({ notes: "second" });
    expect(await put({ labels: null, notes: null })).toEqual({ labels: {}, notes: null });
    expect(await put({ labels: {}, notes: " " })).toEqual({ labels: {}, notes: null });
  });

  it("can be changed of a capture in any state", async () => {
    const capture = await until(cast.owner, await createCapture(cast.owner, { envId }), "RUNNING");
    const path = `/api/captures/${capture.id}`;
    expect((await cast.owner.put(path, { labels: { a: "1" } })).status).toBe(200);
    await cast.owner.post(`${path}/stop`);
    await until(cast.owner, capture, "DONE");
    expect((await cast.owner.put(path, { notes: "done" })).status).toBe(200);
    expect((await fullOf(capture)).body).toMatchObject({ labels: { a: "1" }, notes: "done" });
  });

  it("have a version with each change, and none with the same again", async () => {
    const capture = await scheduled();
    const tagAfter = async (json: object) =>
      (await cast.owner.put(`/api/captures/${capture.id}`, json)).headers.get("etag");
    const first = await tagAfter({ labels: { a: "1", b: "2" }, notes: "x" });
    expect(await tagAfter({ labels: { b: "2", a: "1" }, notes: "x" })).toBe(first);
    expect(await tagAfter({ notes: "y" })).not.toBe(first);
  });

  const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, "v"]));
  it.each([
    ["labels", [], "labels: must be an object"],
    ["labels", { a: 1 }, "labels.a: must be a string"],
    ["labels", { a: " " }, "labels.a: must not be empty: leave the label out to take it away"],
    ["labels", { a: "x".repeat(101) }, "labels.a: must be at most 100 characters long"],
    ["labels", { a: "x\ny" }, "labels.a: must not contain control characters"],
    [
      "labels",
      { "a:b": "c" },
      expect.stringMatching(/^labels: has a key that is not possible: use up to 63/),
    ],
    ["labels", { "": "c" }, expect.stringMatching(/^labels: has a key/)],
    ["labels", many, "labels: must be at most 16"],
    ["notes", 1, "notes: must be a string"],
    ["notes", "x".repeat(4001), "notes: must be at most 4000 characters long"],
    ["notes", "a\0b", "notes: must not contain control characters other than line breaks and tabs"],
  ])("are refused: %s as %j", async (field, value, message) => {
    const capture = await scheduled();
    const put = await cast.owner.put(`/api/captures/${capture.id}`, { [field]: value });
    const post = await cast.owner.post("/api/captures", { name: "x", envId, [field]: value });
    for (const reply of [put, post]) expect(reply).toMatchObject({ status: 400, body: { message } });
  });
});
