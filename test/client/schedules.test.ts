import { beforeAll, expect, test } from "vitest";
import { createApiKey, createEnvironment, type Person, signUp } from "../support/api.ts";
import { clientOf, errorOf, expectAllSent, sent, worker } from "./support.ts";

let admin: Person;
let key: string;
let envId: number;
beforeAll(async () => {
  admin = await signUp("Admin");
  ({ key } = await createApiKey(admin));
  ({ id: envId } = (await createEnvironment(admin)).environment);
});

test("a schedule is made, shown, changed, paused, resumed and deleted", async () => {
  const { schedules, captures } = clientOf(key);
  expect(await Array.fromAsync(schedules.list({ envId }))).toEqual([]);
  const rule = { cron: "30 2 * * *", timeZone: "Europe/Vienna" };
  const { occurrences } = await schedules.preview({ ...rule, limit: 3 });
  const made = await schedules.create({ name: "nightly", envId, duration: 600, ...rule });
  expect(made.next.slice(0, 3)).toEqual(occurrences);
  expect(await schedules.get(made.id)).toEqual({ ...made, captures: 1 });
  const waiting = await Array.fromAsync(captures.list({ schedule: made.id }));
  expect(waiting.map(({ scheduledStart }) => scheduledStart)).toEqual(occurrences.slice(0, 1));
  expect(await schedules.update(made.id, { keepLast: 7 })).toMatchObject({ keepLast: 7, cron: rule.cron });
  expect((await schedules.pause(made.id)).pausedAt).not.toBeNull();
  expect((await schedules.resume(made.id)).pausedAt).toBeNull();
  expect((await schedules.occurrences(made.id, { limit: 20 })).occurrences).toHaveLength(20);
  const events = await schedules.events(made.id);
  expect(events.map(({ what }) => what)).toEqual(["created", "changed", "paused", "resumed"]);
  expect((await schedules.delete(made.id)).name).toBe("nightly");
  expect(await errorOf(schedules.get(made.id))).toMatchObject({ status: 404, message: "Schedule not found" });
});

test("the address of the calendar is for sessions only, and the client says so", async () => {
  const { schedules } = clientOf(key);
  for (const call of [schedules.calendar, schedules.makeCalendar, schedules.revokeCalendar]) {
    expect(await errorOf(call())).toMatchObject({ status: 401, message: expect.stringContaining("session") });
  }
});

test("the client leaves out no operation of schedules, but the calendar that other programs read", () => {
  expectAllSent((path) => path.startsWith("/api/schedules") && !path.endsWith(".ics"));
});

test("schedules are listed a page at a time, and only as far as they are read", async () => {
  const { schedules } = clientOf(key);
  for (const name of ["one", "two", "three"]) {
    await schedules.create({ name, envId, duration: 60, rrule: "FREQ=DAILY;BYHOUR=3" });
  }
  sent.length = 0;
  const names = await Array.fromAsync(schedules.list({ envId, limit: 2 }), ({ name }) => name);
  expect(names).toEqual(["one", "two", "three"]);
  expect(sent).toHaveLength(2);
  sent.length = 0;
  for await (const _ of schedules.list({ limit: 2 })) break;
  expect(sent).toHaveLength(1);
});

test("a schedule is made once, though the answer was lost", async () => {
  let isLost = true;
  const { schedules } = clientOf(key, {
    retries: 1,
    fetch: async (request) => {
      const reply = await worker(request);
      if (request.method !== "POST" || !isLost) return reply;
      isLost = false;
      throw new TypeError("broken");
    },
  });
  const made = await schedules.create({ name: "lost", envId, duration: 60, cron: "0 0 * * *" });
  const all = await Array.fromAsync(schedules.list({ envId }), ({ id, name }) => ({ id, name }));
  expect(all.filter(({ name }) => name === "lost")).toEqual([{ id: made.id, name: "lost" }]);
});
