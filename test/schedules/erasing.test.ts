import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { signUpWithKey } from "../support/api.ts";
import { daily, everyMinute } from "../support/cron.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import { travel } from "../support/time.ts";
import { capturesOf, createSchedule, endSchedules } from "./support.ts";

const DAY = 86_400_000;

// By a key, which outlives all travels.
const cast = environmentForEachTest(signUpWithKey);

beforeEach(endSchedules);
afterEach(endSchedules);

const create = () =>
  createSchedule(cast.admin, { envId: cast.environment.id, cron: "0 * * * *", duration: 60 });

it("an environment is erased with its schedules and their history", async () => {
  const { admin, environment } = cast;
  const schedule = await create();
  await admin.post(`/api/schedules/${schedule.id}/pause`);
  await admin.delete(`/api/environments/${environment.id}`);
  await travel(cast.aws, 40 * DAY);
  await daily();
  for (const table of [
    "schedules where id",
    "schedule_events where schedule_id",
    "captures where schedule_id",
  ]) {
    expect([table, await env.DB.prepare(`select 1 from ${table} = ?1`).bind(schedule.id).first()]).toEqual([
      table,
      null,
    ]);
  }
  const left = await env.DB.prepare("select 1 from environments where id = ?1").bind(environment.id).first();
  expect(left).toBeNull();
});

it("a deleted schedule is forgotten once none of its captures is kept", async () => {
  const schedule = await create();
  const [first] = (await capturesOf(cast.admin, schedule)) as [Capture];
  await travel(cast.aws, Date.parse(schedule.next[0] as string) - Date.now());
  await cast.admin.post(`/api/captures/${first.id}/cancel`);
  await everyMinute();
  await cast.admin.delete(`/api/schedules/${schedule.id}`);
  await travel(cast.aws, 40 * DAY);
  const isThere = () =>
    env.DB.prepare("select 1 as n from schedules where id = ?1").bind(schedule.id).first("n");
  await daily();
  expect(await isThere()).toBe(1);
  await env.DB.prepare("update captures set deleted_at = ?2 where id = ?1").bind(first.id, Date.now()).run();
  await daily();
  expect(await isThere()).toBeNull();
});
