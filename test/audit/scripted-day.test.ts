import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ACTIONS } from "../../src/audit/actions.ts";
import type { AuditEvent } from "../../src/audit/replies.ts";
import type { Environment } from "../../src/environments/replies.ts";
import type { Webhook } from "../../src/webhooks/replies.ts";
import { verify } from "../identity/links/support.ts";
import { createSchedule } from "../schedules/support.ts";
import {
  createApiKey,
  createCapture,
  createEnvironment,
  type Person,
  personWith,
  signUp,
  signUpWithKey,
} from "../support/api.ts";
import { daily, everyMinute } from "../support/cron.ts";
import { inFuture, travel, until } from "../support/time.ts";
import { startReceiver } from "../webhooks/receiver.ts";
import { createWebhook } from "../webhooks/support.ts";

const DAY = 24 * 60 * 60_000;

/** The same person, from an address. */
const from = (person: Person, address: string): Person =>
  personWith(person.id, person.email, { ...person.headers, "cf-connecting-ip": address });

// It is long: a busy machine takes more than the usual time for it.
test("the audit trail of a day is the script of that day, line by line, and has every action that there is", async () => {
  const [alice, bob, carol] = await Promise.all([signUp("Alice"), signUp("Bob"), signUpWithKey("Carol")]);
  const office = from(alice, "198.51.100.1");
  const program = from(carol, "203.0.113.9");
  const { environment, aws } = await createEnvironment(office);
  const path = `/api/environments/${environment.id}`;
  /** What people did, and what the trail is to say of it: the action, who, and what it was done to. */
  const script: [action: string, actor: string, subject: string | null][] = [
    ["environment.created", "Alice", null],
  ];
  const did = async <T extends { status: number }>(
    reply: Promise<T>,
    ...lines: [action: string, actor: string, subject: string | null][]
  ): Promise<T> => {
    const answer = await reply;
    expect(answer.status).toBeLessThan(300);
    script.push(...lines);
    return answer;
  };

  // People.
  const forBob = await did(
    office.post<{ code: string }>(`${path}/invites`, { role: "admin", email: bob.email }),
    ["invite.created", "Alice", bob.email],
  );
  const forCarol = await did(office.post<{ code: string }>(`${path}/invites`, { role: "member" }), [
    "invite.created",
    "Alice",
    null,
  ]);
  const unused = await did(office.post<{ id: string }>(`${path}/invites`, { role: "member" }), [
    "invite.created",
    "Alice",
    null,
  ]);
  await did(office.delete(`${path}/invites/${unused.body.id}`), ["invite.revoked", "Alice", null]);
  // An invite for one address asks for its proof.
  await verify(bob);
  await did(bob.post("/api/invites/accept", { code: forBob.body.code }), ["member.added", "Bob", "Bob"]);
  await did(program.post("/api/invites/accept", { code: forCarol.body.code }), [
    "member.added",
    "Carol",
    "Carol",
  ]);
  await did(office.put(`${path}/members/${carol.id}`, { role: "admin" }), [
    "member.changed",
    "Alice",
    "Carol",
  ]);
  await did(office.put(`${path}/members/${carol.id}`, { role: "member" }), [
    "member.changed",
    "Alice",
    "Carol",
  ]);
  // What changes nothing is no line.
  expect((await office.put(`${path}/members/${carol.id}`, { role: "member" })).status).toBe(200);
  expect((await program.delete(`${path}/members/${bob.id}`)).status).toBe(403);

  // The environment.
  await did(bob.put(path, { name: "orders" }), ["environment.changed", "Bob", null]);
  await did(bob.put(path, { credentials: aws.credentials }), ["credentials.changed", "Bob", null]);
  await did(program.post(`${path}/check`), ["environment.checked", "Carol", null]);

  // A capture that runs, by a program.
  const load = await createCapture(program, { envId: environment.id, name: "load" });
  script.push(["capture.created", "Carol", "load"]);
  await until(program, load, "RUNNING");
  script.push(
    ["capture.moved to STARTING", "runner", "load"],
    ["logs.held", "runner", "load"],
    ["capture.moved to RUNNING", "runner", "load"],
  );
  await did(program.get(`/api/captures/${load.id}/workload`), ["workload.read", "Carol", "load"]);
  // Again within the hour is no second line; nor by who may not.
  await program.get(`/api/captures/${load.id}/workload/digest`);
  expect((await (await signUp("Mallory")).get(`/api/captures/${load.id}/workload`)).status).toBe(404);
  await did(bob.get(`/api/captures/${load.id}/workload/records`), ["workload.searched", "Bob", "load"]);
  await did(program.put(`/api/captures/${load.id}`, { notes: "of the release" }), [
    "capture.changed",
    "Carol",
    "load",
  ]);
  expect((await program.put(`/api/captures/${load.id}`, { notes: "of the release" })).status).toBe(200);
  await aws.deny("rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup");
  await did(program.post(`/api/captures/${load.id}/stop`), ["capture.stopped", "Carol", "load"]);
  await until(program, load, "DONE");
  script.push(["capture.moved to DONE", "runner", "load"]);
  await expect.poll(async () => (await bob.get<Environment>(path)).body.owed).toHaveLength(1);
  script.push(["logs.owed", "lease", "load"]);
  await did(bob.post(`${path}/abandon`), ["logs.abandoned", "Bob", "load"]);
  await aws.deny();
  await did(bob.get(`/api/captures/${load.id}/workload/download`), ["workload.downloaded", "Bob", "load"]);
  await did(office.get(`/api/captures/${load.id}/workload/report`), ["workload.reported", "Alice", "load"]);

  // One that gives its group back, and one that never runs.
  const short = await createCapture(bob, { envId: environment.id, name: "short" });
  script.push(["capture.created", "Bob", "short"]);
  await until(bob, short, "RUNNING");
  script.push(
    ["capture.moved to STARTING", "runner", "short"],
    ["logs.held", "runner", "short"],
    ["capture.moved to RUNNING", "runner", "short"],
  );
  await did(bob.post(`/api/captures/${short.id}/stop`), ["capture.stopped", "Bob", "short"]);
  await until(bob, short, "DONE");
  script.push(["capture.moved to DONE", "runner", "short"]);
  const leases = () =>
    env.DB.prepare("select count(*) as n from log_leases where capture_id = ?1").bind(short.id).first("n");
  await expect.poll(leases).toBe(0);
  script.push(["logs.restored", "lease", "short"]);
  await did(bob.get(`/api/captures/${short.id}/workload/compare?with=${load.id}`), [
    "workload.read",
    "Bob",
    "short",
  ]);
  script.push(["workload.read", "Bob", "load"]);
  const never = await createCapture(bob, {
    envId: environment.id,
    name: "never",
    scheduledStart: inFuture(DAY),
  });
  script.push(["capture.created", "Bob", "never"]);
  await did(bob.post(`/api/captures/${never.id}/cancel`), ["capture.cancelled", "Bob", "never"]);
  await did(bob.delete(`/api/captures/${never.id}`), ["capture.deleted", "Bob", "never"]);
  await did(bob.post(`/api/captures/${never.id}/restore`), ["capture.restored", "Bob", "never"]);
  expect((await bob.post(`/api/captures/${never.id}/restore`)).status).toBe(200);
  await did(bob.delete(`/api/captures/${never.id}`), ["capture.deleted", "Bob", "never"]);

  // A schedule, whose owner leaves.
  const nightly = await createSchedule(program, {
    envId: environment.id,
    name: "nightly",
    captureName: "night",
  });
  script.push(["schedule.created", "Carol", "nightly"], ["capture.created", "schedule", "night"]);
  const at = `/api/schedules/${nightly.id}`;
  const again = [
    ["capture.deleted", "Carol", "night"],
    ["capture.created", "schedule", "night"],
  ] as [string, string, string][];
  await did(program.put(at, { notes: "each night" }), ["schedule.changed", "Carol", "nightly"]);
  script.push(...again);
  await did(program.post(`${at}/pause`), ["schedule.paused", "Carol", "nightly"]);
  script.push(["capture.deleted", "Carol", "night"]);
  expect((await program.post(`${at}/pause`)).status).toBe(200);
  await did(program.post(`${at}/resume`), ["schedule.resumed", "Carol", "nightly"]);
  script.push(["capture.created", "schedule", "night"]);
  await did(bob.delete(`${path}/members/${carol.id}`), ["member.removed", "Bob", "Carol"]);
  await everyMinute();
  script.push(["capture.deleted", "cleanup", "night"], ["schedule.paused", "cleanup", "nightly"]);
  await did(bob.delete(at), ["schedule.deleted", "Bob", "nightly"]);

  // A webhook, and what was recorded is erased on request.
  const receiver = startReceiver("hooks.shop.com");
  const hook = await createWebhook(bob, environment.id);
  script.push(["webhook.created", "Bob", "ours"]);
  const test = await did(bob.post<{ id: number }>(`${path}/webhooks/${hook.id}/test`), [
    "webhook.tested",
    "Bob",
    "ours",
  ]);
  const resent = `${path}/webhooks/${hook.id}/deliveries/${test.body.id}/redeliver`;
  await did(bob.post(resent), ["webhook.redelivered", "Bob", "ours"]);
  await expect.poll(() => receiver.received.length).toBe(2);
  // Its receiver is gone: the service switches it off, and Bob resumes it.
  receiver.answers = [{ status: 410 }];
  const told = await createCapture(bob, {
    envId: environment.id,
    name: "told",
    scheduledStart: inFuture(DAY),
  });
  await did(
    bob.post(`/api/captures/${told.id}/cancel`),
    ["capture.created", "Bob", "told"],
    ["capture.cancelled", "Bob", "told"],
  );
  await expect
    .poll(async () => (await bob.get<Webhook>(`${path}/webhooks/${hook.id}`)).body.state)
    .toBe("disabled");
  script.push(["webhook.disabled", "webhooks", "ours"]);
  await did(bob.put(`${path}/webhooks/${hook.id}`, { paused: false }), ["webhook.changed", "Bob", "ours"]);
  // What is not sent again is no line.
  expect((await carol.post(resent)).status).toBe(404);
  expect((await bob.post(`${path}/webhooks/${hook.id}/deliveries/999999/redeliver`)).status).toBe(404);
  await did(bob.put(`${path}/webhooks/${hook.id}`, { name: "theirs" }), ["webhook.changed", "Bob", "theirs"]);
  const address = "https://hooks.shop.com/others?key=secret";
  await did(bob.put(`${path}/webhooks/${hook.id}`, { address, paused: true }), [
    "webhook.changed",
    "Bob",
    "theirs",
  ]);
  await did(bob.post(`${path}/webhooks/${hook.id}/rotate-secret`), ["webhook.changed", "Bob", "theirs"]);
  // What changes nothing is no line.
  expect((await bob.put(`${path}/webhooks/${hook.id}`, { name: "theirs", paused: true })).status).toBe(200);
  await did(bob.put(path, { retention: { workloadDays: 90 } }), ["environment.changed", "Bob", null]);
  await did(bob.put(path, { sealed: true }), ["environment.changed", "Bob", null]);
  await did(bob.delete(`${path}/webhooks/${hook.id}`), ["webhook.deleted", "Bob", "theirs"]);
  expect((await bob.delete(`${path}/webhooks/${hook.id}`)).status).toBe(404);
  await did(bob.post(`/api/captures/${short.id}/erase`, { keepMetrics: true }), [
    "erasure.requested",
    "Bob",
    "short",
  ]);
  // Again, it is no second line; the metrics too are another.
  expect((await bob.post(`/api/captures/${short.id}/erase`, { keepMetrics: true })).status).toBe(200);
  await did(bob.post(`/api/captures/${short.id}/erase`, {}), ["erasure.requested", "Bob", "short"]);
  // What is erased is not read, and no line.
  expect((await office.get(`/api/captures/${short.id}/workload`)).status).toBe(410);

  // A month later, what was deleted is erased, and then the environment is deleted.
  const key = (await createApiKey(bob)).key;
  await travel(aws, 31 * DAY);
  await daily();
  for (const name of ["never", "night", "night", "night"])
    script.push(["erasure.requested", "cleanup", name], ["capture.erased", "cleanup", name]);
  const late = personWith(bob.id, bob.email, { "x-api-key": key, "cf-connecting-ip": "2001:db8::1" });
  await did(late.delete(path), ["environment.deleted", "Bob", null]);

  // Bob was an admin when it was deleted.
  const trail = (await late.get<AuditEvent[]>(`${path}/audit?sort=time&limit=1000`)).body;
  const line = ({ action, actor, subject, details }: AuditEvent) => [
    action === "capture.moved" ? `${action} to ${details.to}` : action,
    actor.name ?? actor.id,
    subject?.name ?? null,
  ];
  const sorted = (lines: unknown[][]) => lines.map((one) => one.join(" | ")).sort();
  // Which of two rows of one millisecond comes first is as they were written; those of one batch stand together.
  expect(sorted(trail.map(line))).toEqual(sorted(script));
  expect(new Set(trail.map(({ action }) => action))).toEqual(new Set(Object.keys(ACTIONS)));

  // Who it was, and from where.
  const one = (action: string, name?: string) =>
    trail.find((event) => event.action === action && (name === undefined || event.actor.name === name));
  expect(one("environment.created")).toMatchObject({
    actor: { id: alice.id, name: "Alice", email: alice.email },
    via: "session",
    credential: { id: expect.any(String), name: null },
    address: "198.51.100.1",
    details: { name: "production", credentials: expect.stringMatching(/^\*{4}/) },
  });
  expect(one("capture.stopped", "Carol")).toMatchObject({
    via: "apiKey",
    credential: { name: "a program" },
    address: "203.0.113.9",
    details: { from: "RUNNING", to: "STOPPING" },
  });
  expect(one("environment.deleted")).toMatchObject({ via: "apiKey", address: "2001:db8::1" });
  expect(one("capture.moved")).toMatchObject({ via: "service", credential: null, address: null });
  expect(one("member.changed")).toMatchObject({
    subject: { kind: "member", id: carol.id },
    details: { from: "member", to: "admin" },
  });
  expect(one("capture.changed")).toMatchObject({ details: { fields: ["notes"] } });
  const detailsOf = (action: string, field: string) =>
    trail.filter((event) => event.action === action && field in event.details).map(({ details }) => details);
  expect(detailsOf("webhook.changed", "fields")).toMatchObject([
    { fields: ["paused"] },
    { fields: ["name"] },
    { fields: ["address", "paused"], address: "https://hooks.shop.com/…?…" },
    { fields: ["secret"] },
  ]);
  expect(detailsOf("environment.changed", "workloadDays")).toEqual([{ workloadDays: "90", metrics: "kept" }]);
  expect(detailsOf("environment.changed", "sealed")).toEqual([{ sealed: "yes" }]);
  expect(one("schedule.changed")).toMatchObject({ details: { fields: ["notes"] } });
  // No secret is in it.
  const text = JSON.stringify(trail);
  const { results } = await env.DB.prepare(
    "select token as secret from session union all select key from apikey",
  ).all<{
    secret: string;
  }>();
  for (const { secret } of results) expect(text).not.toContain(secret);
  for (const secret of [key, forBob.body.code, ...Object.values(aws.credentials)])
    expect(text).not.toContain(secret);
}, 60_000);
