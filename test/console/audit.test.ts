import { expect, test } from "vitest";
import { ACTIONS } from "../../src/audit/actions.ts";
import type { AuditEvent } from "../../src/audit/replies.ts";
import { actionText, detailsText, KINDS } from "../../src/console/lib/audit.ts";

const event = (of: Partial<AuditEvent>): AuditEvent => ({
  id: 1,
  time: "2026-11-28T18:21:07.114Z",
  action: "capture.stopped",
  actor: { id: "u", name: "Jo", email: null },
  via: "session",
  credential: null,
  address: null,
  subject: { kind: "capture", id: "7", name: "load test" },
  details: {},
  ...of,
});

test.each([
  [{}, "Capture load test stopped"],
  [{ action: "workload.downloaded" }, "Workload of load test downloaded"],
  [{ action: "capture.moved", details: { from: "STARTING", to: "RUNNING" } }, "Capture load test is RUNNING"],
  [{ action: "logs.restored" }, "Logs of the parameter group restored, for load test"],
  [{ action: "environment.changed", subject: null }, "Environment changed"],
  [{ action: "invite.created", subject: { kind: "invite", id: "abc", name: null } }, "Invite abc created"],
  [{ action: "webhook.created" }, "Webhook load test created"],
] as const)("an event is told in words: %j", (of, text) => {
  expect(actionText(event(of as Partial<AuditEvent>))).toBe(text);
});

test("what else there is to say is on one line", () => {
  const changed = event({ action: "capture.changed", details: { fields: ["name", "notes"] } });
  expect(detailsText(changed)).toBe("fields: name, notes");
  expect(detailsText(event({ action: "member.changed", details: { from: "member", to: "admin" } }))).toBe(
    "from: member; to: admin",
  );
  expect(detailsText(event({ action: "capture.moved", details: { to: "FAILED", reason: "No log" } }))).toBe(
    "No log",
  );
  expect(detailsText(event({ details: { invite: "u" } }))).toBe("");
});

test("a trail can be narrowed to every kind of action", () => {
  const kinds = new Set(Object.keys(ACTIONS).map((action) => action.split(".")[0]));
  expect(new Set(KINDS.map(([kind]) => kind))).toEqual(kinds);
});
