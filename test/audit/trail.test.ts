import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { AuditEvent } from "../../src/audit/replies.ts";
import {
  byKey,
  type Cast,
  createCapture,
  createCast,
  createEnvironment,
  expectRefusal,
  type Person,
  personWith,
  type Reply,
  signUp,
} from "../support/api.ts";
import { daily } from "../support/cron.ts";
import { inFuture, travel } from "../support/time.ts";

const DAY = 24 * 60 * 60_000;

let cast: Cast;
let path: string;
/** By a key, which outlives the travels in time. */
let admin: Person;
beforeAll(async () => {
  cast = await createCast();
  path = `/api/environments/${cast.environment.id}/audit`;
  admin = await byKey(cast.admin, { expiresIn: null });
});

const trail = async (query = "", by: Person = admin, at = path) =>
  (await by.get<AuditEvent[]>(`${at}${query}`)).body;
const actions = (events: AuditEvent[]) => events.map(({ action }) => action);

/** Writes a row as it is, as another version of the service would. */
const write = (row: Record<string, string | number | null>) => {
  const all = { env_id: cast.environment.id, time: Date.now(), actor: cast.owner.id, via: "session", ...row };
  const names = Object.keys(all);
  return env.DB.prepare(`insert into audit_events (${names}) values (${names.map(() => "?")})`)
    .bind(...Object.values(all))
    .run();
};

describe("the audit trail", () => {
  test("begins with how the environment was made and who has joined", async () => {
    const events = await trail("?sort=time&limit=5");
    expect(events.map(({ action, actor }) => [action, actor.name])).toEqual([
      ["environment.created", "Admin"],
      ["invite.created", "Admin"],
      ["member.added", "Owner"],
      ["invite.created", "Admin"],
      ["member.added", "Member"],
    ]);
    expect(events[2]).toMatchObject({
      subject: { kind: "member", id: cast.owner.id, name: "Owner" },
      details: { role: "member", invitedBy: "Admin", invite: expect.stringMatching(/^[\w-]{16}$/) },
    });
  });

  test.each([
    ["a member", () => cast.member, 403, "Only an admin of the environment may do this"],
    ["somebody else", () => cast.stranger, 404, "Environment does not exist"],
    ["nobody", () => personWith("", "", {}), 401, "Login required"],
    ["an unknown key", () => personWith("", "", { "x-api-key": "captures_no" }), 401, /^API key/],
  ] as const)("is not for %s", async (_, who, status, message) => {
    expectRefusal(await who().get(path), status, message);
  });

  test.each([
    ["action=Capture", /^action: must be an action/],
    ["actor=", /^actor: must not be empty/],
    ["capture=x", /^capture: must be a positive integer/],
    ["limit=1001", /^limit: must be an integer from 1 to 1000, or 5000/],
    ["limit=5001&format=ndjson", /^limit: must be an integer from 1 to 5000/],
    ["cursor=12", /^cursor: is not one of an audit trail/],
    ["from=yesterday", /^from: must be a time/],
    ["format=csv", /^format: must be one of json, ndjson/],
    ["what=capture", /what/],
  ])("refuses %s", async (query, message) => {
    expectRefusal(await admin.get(`${path}?${query}`), 400, message);
  });

  test("is filtered by who, what, which capture and when", async () => {
    const envId = cast.environment.id;
    const one = await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) });
    const other = await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) });
    await admin.delete(`/api/captures/${other.id}`);
    expect(actions(await trail(`?actor=${cast.owner.id}`))).toEqual([
      "capture.created",
      "capture.created",
      "member.added",
    ]);
    expect(actions(await trail(`?capture=${other.id}`))).toEqual(["capture.deleted", "capture.created"]);
    expect(actions(await trail("?action=capture.deleted"))).toEqual(["capture.deleted"]);
    expect(actions(await trail("?action=capture"))).toHaveLength(3);
    expect(actions(await trail(`?action=capture&actor=${cast.admin.id}`))).toEqual(["capture.deleted"]);
    // The beginning of a word is not the word.
    expect(await trail("?action=cap")).toEqual([]);
    const [last] = await trail(`?capture=${one.id}`);
    const time = (last as AuditEvent).time;
    expect(await trail(`?capture=${one.id}&to=${time}`)).toEqual([]);
    expect(await trail(`?capture=${one.id}&from=${time}`)).toEqual([last]);
  });

  test("shows less of a webhook's address than earlier versions have noted", async () => {
    const address = "https://hooks.shop.com/services/0123456789abcdef?…";
    const details = JSON.stringify({ version: 1, kind: "standard", address });
    await write({ action: "webhook.deleted", subject_id: "7", details });
    const [event] = await trail("?action=webhook&limit=1");
    expect(event?.details).toEqual({ kind: "standard", address: "https://hooks.shop.com/…cdef?…" });
  });

  test("is read in pages, either way round, each row once", async () => {
    const whole = await trail("?limit=1000");
    for (const [sort, wanted] of [
      ["-time", whole],
      ["time", whole.toReversed()],
    ] as const) {
      const found: AuditEvent[] = [];
      let next: string | undefined = `${path}?limit=3&sort=${sort}`;
      while (next !== undefined) {
        const page: Reply<AuditEvent[]> = await admin.get<AuditEvent[]>(next);
        expect(page.body.length).toBeLessThanOrEqual(3);
        found.push(...page.body);
        next = /<([^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1];
      }
      expect(found).toEqual(wanted);
    }
  });

  test("is exported as NDJSON, bounded, with a link to go on", async () => {
    const whole = await trail("?limit=1000");
    const reply = await admin.get<string>(`${path}?format=ndjson`);
    expect(reply.headers.get("content-type")).toBe("application/x-ndjson");
    expect(reply.headers.get("content-disposition")).toMatch(/environment-\d+-audit\.ndjson/);
    expect(reply.headers.get("link")).toBeNull();
    const lines = reply.body.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(whole);
    const part = await admin.get<string>(`${path}?format=ndjson&limit=2`);
    expect(part.body.split("\n")).toHaveLength(3);
    const next = /<([^>]+)>; rel="next"/.exec(part.headers.get("link") ?? "")?.[1] as string;
    expect(next).toContain("format=ndjson");
    expect((await admin.get<string>(next)).body.split("\n")[0]).toBe(lines[2]);
    expect((await admin.get<string>(`${path}?format=ndjson&actor=nobody`)).body).toBeUndefined();
  });

  test("shows what another version has noted as far as it can be read", async () => {
    await write({
      action: "webhook.created",
      subject_id: "7",
      subject_name: "hook",
      details: '{"version":99}',
    });
    await write({ action: "capture.frozen", subject_id: "1", subject_name: "x", details: "{" });
    const [frozen, created] = await trail("?limit=2");
    expect(frozen).toMatchObject({ action: "capture.frozen", subject: { kind: "capture" }, details: {} });
    expect(created).toMatchObject({ action: "webhook.created", details: {} });
    await env.DB.prepare(
      "delete from audit_events where action in ('webhook.created', 'capture.frozen')",
    ).run();
  });

  test("names people by their name of now, and who has deleted their account as a deleted user", async () => {
    await write({ action: "capture.deleted", actor: "gone-for-good", actor_name: "Old Name" });
    const [event] = await trail("?actor=gone-for-good");
    expect(event?.actor).toEqual({ id: "gone-for-good", name: "Deleted user", email: null });
    await cast.owner.post("/api/auth/update-user", { name: "New Name" });
    expect((await trail(`?actor=${cast.owner.id}`))[0]?.actor.name).toBe("New Name");
  });

  test("of a deleted environment is for those who were its admins, and for nobody else", async () => {
    const second = await signUp("Second");
    const { environment } = await createEnvironment(cast.admin, { aws: cast.aws });
    const at = `/api/environments/${environment.id}`;
    const invite = await cast.admin.post<{ code: string }>(`${at}/invites`, { role: "admin" });
    await second.post("/api/invites/accept", { code: invite.body.code });
    const plain = await cast.admin.post<{ code: string }>(`${at}/invites`, { role: "member" });
    await cast.member.post("/api/invites/accept", { code: plain.body.code });
    expect((await second.delete(at)).status).toBe(200);
    for (const person of [second, cast.admin]) {
      const [last] = await trail("", person, `${at}/audit`);
      expect(last).toMatchObject({ action: "environment.deleted", actor: { name: "Second" } });
    }
    for (const person of [cast.member, cast.stranger]) {
      expectRefusal(await person.get(`${at}/audit`), 404, "Environment does not exist");
    }
  });

  test("is not for an admin who was removed", async () => {
    const brief = await signUp("Brief");
    const invite = await admin.post<{ code: string }>(`/api/environments/${cast.environment.id}/invites`, {
      role: "admin",
    });
    await brief.post("/api/invites/accept", { code: invite.body.code });
    expect((await brief.get(path)).status).toBe(200);
    await admin.delete(`/api/environments/${cast.environment.id}/members/${brief.id}`);
    expectRefusal(await brief.get(path), 404, "Environment does not exist");
  });

  test("is kept for its time, and purged after that", async () => {
    const before = (await trail("?limit=1000")).length;
    expect(before).toBeGreaterThan(5);
    await travel(cast.aws, 399 * DAY);
    await daily();
    expect((await trail("?limit=1000")).length).toBeGreaterThanOrEqual(before);
    await write({ action: "capture.created", subject_id: "1", subject_name: "late" });
    await travel(cast.aws, 2 * DAY);
    expect((await daily()).auditEvents).toBeGreaterThanOrEqual(before);
    const left = await trail("?limit=1000");
    expect(left.map(({ subject }) => subject?.name)).toContain("late");
    expect(actions(left)).not.toContain("environment.created");
  });
});
