import { env } from "cloudflare:workers";
import type { Capture } from "../../src/captures/replies.ts";
import type { Schedule } from "../../src/schedules/replies.ts";
import type { Person } from "../support/api.ts";

/** A rule that comes each day at half past two. */
export const NIGHTLY = { cron: "30 2 * * *", duration: 600 };

let names = 0;

/** Makes a schedule that is accepted, with a name of its own unless one is given. */
export async function createSchedule(
  person: Person,
  body: { envId: number } & Record<string, unknown>,
): Promise<Schedule> {
  const reply = await person.post<Schedule>("/api/schedules", {
    name: `schedule ${++names}`,
    ...NIGHTLY,
    ...body,
  });
  if (reply.status !== 200)
    throw new Error(`The schedule answered ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

/** A schedule as the API shows it to somebody. */
export const readSchedule = async (person: Person, { id }: { id: number }): Promise<Schedule> =>
  (await person.get<Schedule>(`/api/schedules/${id}`)).body;

/** The captures of a schedule, as the API lists them, those of the earliest occurrences first. */
export const capturesOf = async (person: Person, { id }: { id: number }): Promise<Capture[]> =>
  (await person.get<Capture[]>(`/api/captures?schedule=${id}&sort=start`)).body;

/** How many captures each occurrence of a schedule has, deleted ones too. */
export async function perOccurrence({ id }: { id: number }): Promise<number[]> {
  const { results } = await env.DB.prepare(
    "select count(*) as n from captures where schedule_id = ?1 and occurrence is not null group by occurrence order by occurrence",
  )
    .bind(id)
    .all<{ n: number }>();
  return results.map(({ n }) => n);
}

/** Leaves nothing that another test's cron would see to. */
export async function endSchedules(): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("update schedules set make_at = null, next_at = null, paused_at = 1, keep_last = null"),
    env.DB.prepare("update captures set status = 'DONE', due_at = null"),
  ]);
}
