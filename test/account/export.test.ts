import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import {
  addMember,
  createApiKey,
  createCapture,
  createCast,
  expectRefusal,
  request,
  signUp,
} from "../support/api.ts";
import { inFuture } from "../support/time.ts";

interface Exported {
  captures: { id: number; name: string }[];
  captureCount: number;
  sessions: { isThis: boolean }[];
  environments: { id: number }[];
}

test("the file has what the service has of somebody, and no secret", async () => {
  const { owner, environment } = await createCast();
  const { key } = await createApiKey(owner, { name: "nightly" });
  const capture = await createCapture(owner, {
    name: "of mine",
    envId: environment.id,
    scheduledStart: inFuture(3_600_000),
  });
  const { status, headers, body } = await owner.get<Exported>("/api/account/export");
  expect(status).toBe(200);
  expect(headers.get("content-disposition")).toBe('attachment; filename="captures-account.json"');
  expect(headers.get("cache-control")).toBe("no-store");
  expect(body).toMatchObject({
    version: 1,
    account: { id: owner.id, email: owner.email, signIns: [{ provider: "credential" }] },
    environments: [{ id: environment.id, name: environment.name, role: expect.any(String) }],
    apiKeys: [{ name: "nightly", start: key.slice(0, 13), enabled: true }],
    sessions: [{ isThis: true, signedInBy: "password" }],
    captureCount: 1,
    captures: [{ id: capture.id, name: "of mine", envId: environment.id, status: "SCHEDULED" }],
    scheduleCount: 0,
    schedules: [],
    calendar: null,
    knownNetworks: [{ network: "unknown", seenAt: expect.any(String) }],
    webhooks: [],
  });
  const secrets = await env.DB.prepare(
    "select token as secret from session union select password from account union select key from apikey",
  ).all<{ secret: string }>();
  const text = JSON.stringify(body);
  expect(text).not.toContain(key);
  for (const { secret } of secrets.results) expect(text).not.toContain(secret);
});

test("captures of environments that somebody was removed from are left out", async () => {
  const { admin, environment } = await createCast();
  const guest = await signUp("Guest");
  await addMember(admin, environment.id, guest);
  await createCapture(guest, { envId: environment.id, scheduledStart: inFuture(3_600_000) });
  const before = await guest.get<Exported>("/api/account/export");
  expect(before.body).toMatchObject({ captureCount: 1, captures: [{ envId: environment.id }] });
  expect((await admin.delete(`/api/environments/${environment.id}/members/${guest.id}`)).status).toBe(200);
  const { body } = await guest.get<Exported>("/api/account/export");
  expect(body).toMatchObject({ captureCount: 0, captures: [], environments: [] });
});

test("the calendar's address, known networks, and webhooks that mail somebody are in it", async () => {
  const { admin, member, environment } = await createCast();
  const { body: feed } = await member.post<{ url: string }>("/api/schedules/calendar");
  const insert = env.DB.prepare("insert into known_networks (user_id, network, seen_at) values (?, ?, ?)");
  await env.DB.batch([
    env.DB.prepare("delete from known_networks where user_id = ?").bind(member.id),
    insert.bind(member.id, "192.0.2.1", Date.UTC(2026, 0, 1)),
    insert.bind(member.id, "2001:db8::/56", Date.UTC(2026, 0, 2)),
    insert.bind(admin.id, "198.51.100.1", Date.UTC(2026, 0, 3)),
    env.DB.prepare("update user set email_verified = 1 where id in (?, ?)").bind(member.id, admin.id),
  ]);
  const hook = (recipient: string, name: string) =>
    admin.post<{ id: number }>(`/api/environments/${environment.id}/webhooks`, {
      kind: "email",
      name,
      recipient,
      events: ["capture.failed"],
    });
  const made = await hook(member.id, "to the member");
  expect(made.status).toBe(201);
  expect((await hook(admin.id, "to the admin")).status).toBe(201);
  const { body } = await member.get("/api/account/export");
  expect(body).toMatchObject({
    calendar: { createdAt: expect.any(String) },
    knownNetworks: [
      { network: "2001:db8::/56", seenAt: "2026-01-02T00:00:00.000Z" },
      { network: "192.0.2.1", seenAt: "2026-01-01T00:00:00.000Z" },
    ],
    webhooks: [{ name: "to the member", envId: environment.id, createdAt: expect.any(String) }],
  });
  expect(JSON.stringify(body)).not.toContain(new URL(feed.url).searchParams.get("token"));
  await admin.delete(`/api/environments/${environment.id}/members/${member.id}`);
  expect((await member.get("/api/account/export")).body).toMatchObject({ webhooks: [] });
});

test("it is not given to an API key, or to nobody", async () => {
  const person = await signUp();
  const { key } = await createApiKey(person);
  const ask = (headers: Record<string, string>) => request("GET", "/api/account/export", { headers });
  expectRefusal(await ask({ "x-api-key": key }), 401, /needs a session/);
  expectRefusal(await ask({}), 401, /Login required/);
  await env.DB.prepare("delete from session where user_id = ?").bind(person.id).run();
  expectRefusal(await ask(person.headers), 401, /Login required/);
});
