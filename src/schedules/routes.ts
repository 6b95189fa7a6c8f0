import { Hono } from "hono";
import { see } from "../captures/access.ts";
import { keyedRequest } from "../db/idempotency.ts";
import { requireCaller } from "../environments/access.ts";
import { unknownCaller } from "../http/authentication.ts";
import { OF_ONE, OF_PAGE, readPrecondition, unlessKnown } from "../http/conditional.ts";
import { type App, type AppContext, noteCaller } from "../http/context.ts";
import { idempotencyKeySchema } from "../http/idempotency-key.ts";
import { readBody, readHeader, readId, readQuery, refuseInput } from "../http/input.ts";
import { linkToNext } from "../http/next-page.ts";
import { ApiError, refuse } from "../http/refusals.ts";
import { signedIn } from "../http/signed-in.ts";
import { sha256 } from "../lib/hash.ts";
import { describeError, log } from "../lib/log.ts";
import { isoTime } from "../lib/values.ts";
import { changeSchedule, type ScheduleChanged, type ScheduleUpdate } from "./changes.ts";
import { type Created, createSchedule } from "./creation.ts";
import { makeDueCaptures } from "./making.ts";
import { nextOf, occurrencesOf, planSchedule, startOf } from "./plan.ts";
import { listSchedules, readSchedule, readScheduleEvents } from "./queries.ts";
import { refuseSchedule, tooManySchedules } from "./refusals.ts";
import type { Occurrences } from "./replies.ts";
import { wakeDeleted } from "./runners.ts";
import { type ScheduleRow, stateOf } from "./schedule-row.ts";
import {
  changeSchema,
  createSchema,
  listSchema,
  MAX_SCHEDULES,
  occurrencesSchema,
  previewSchema,
} from "./schema.ts";
import { toSchedule, toScheduleEvent } from "./to-reply.ts";

/** The version of how a schedule is shown, a part of its tags. No number, so that it is no capture's. */
const FORMAT = "s1";

/** `/api/schedules`: captures that are made again and again. */
export const scheduleRoutes = new Hono<App>()
  .use(signedIn)

  .get("/", async (c) => {
    const { limit, ...filter } = await readQuery(c, listSchema());
    const now = Date.now();
    // One more than the page, to know whether there is another.
    const page = await listSchedules(c.get("db"), c.get("credential"), { ...filter, limit: limit + 1 }, now);
    const found = see(page, refuse.environmentNotFound);
    const last = found.length > limit ? found[limit - 1] : undefined;
    const body = JSON.stringify(found.slice(0, limit).map((row) => toSchedule(row, now)));
    const tag = `W/"${await sha256(JSON.stringify([FORMAT, last !== undefined, body]))}"`;
    const headers = { ...linkToNext(c.req.url, last && String(last.id)), ...OF_PAGE };
    return unlessKnown(c, tag, headers, () => body);
  })

  .post("/", async (c) => {
    const key = await readHeader(c, "Idempotency-Key", idempotencyKeySchema());
    const request = await readBody(c, createSchema());
    const now = Date.now();
    const { envId } = request;
    const { fields, nextAt } = await judged(c, () => planSchedule(request, null, now));
    const keyed =
      key === null
        ? null
        : await keyedRequest(key, { schedule: { ...fields, start: fields.start ?? undefined }, envId });
    const [db, credential] = [c.get("db"), c.get("credential")];
    return answerCreation(c, await createSchedule(db, credential, keyed, envId, fields, nextAt, now), now);
  })

  .get("/occurrences", async (c) => {
    const {
      cron = null,
      rrule = null,
      timeZone = "UTC",
      limit,
      ...since
    } = await readQuery(c, previewSchema());
    // Nobody else has the service compute.
    await requireCaller(c);
    const now = Date.now();
    const start = startOf(since.start, timeZone, null, now) ?? null;
    const recurrence = { cron, rrule, timeZone, start, createdAt: since.createdAt ?? now };
    return c.json(toOccurrences(recurrence, occurrencesOf(recurrence, now, limit)));
  })

  .get("/:id", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const row = see(
      await readSchedule(c.get("db"), c.get("credential"), id, now),
      refuseSchedule.scheduleNotFound,
    );
    const body = JSON.stringify(toSchedule(row, now));
    return unlessKnown(c, await tagOf(row, body), OF_ONE, () => body);
  })

  .put("/:id", async (c) => {
    const id = await readId(c);
    const changes = await readBody(c, changeSchema());
    const now = Date.now();
    const decide = (before: ScheduleRow): ScheduleUpdate => {
      const { fields, nextAt } = planSchedule(changes, before, now);
      const { pausedAt } = before;
      return {
        ...{ what: "changed", fields, pausedAt },
        nextAt: pausedAt === null ? nextAt : null,
        problem: pausedAt === null && nextAt !== null ? null : before.problem,
      };
    };
    return answerChange(c, await change(c, id, decide, now), now);
  })

  .delete("/:id", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const changed = await change(c, id, (before) => stopped("deleted", before, now), now);
    const { before } = requireChanged(changed);
    if (changed.outcome === "changed") await wakeDeleted(c.env, changed.removed, now);
    return c.json(toSchedule(before, now));
  })

  .post("/:id/pause", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const decide = (before: ScheduleRow) =>
      before.pausedAt === null ? stopped("paused", before, now) : null;
    return answerChange(c, await change(c, id, decide, now), now);
  })

  .post("/:id/resume", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const decide = (before: ScheduleRow): ScheduleUpdate | null => {
      const nextAt = nextOf(before, now);
      if (nextAt === null) throw refuseSchedule.scheduleOver();
      if (before.pausedAt === null) return null;
      return { what: "resumed", fields: before, nextAt, pausedAt: null, problem: null };
    };
    return answerChange(c, await change(c, id, decide, now), now);
  })

  .get("/:id/occurrences", async (c) => {
    const id = await readId(c);
    const { limit } = await readQuery(c, occurrencesSchema());
    const now = Date.now();
    const row = see(
      await readSchedule(c.get("db"), c.get("credential"), id, now),
      refuseSchedule.scheduleNotFound,
    );
    return c.json(toOccurrences(row, stateOf(row, now) === "active" ? occurrencesOf(row, now, limit) : []));
  })

  .get("/:id/events", async (c) => {
    const id = await readId(c);
    const events = await readScheduleEvents(c.get("db"), c.get("credential"), id, Date.now());
    return c.json(see(events, refuseSchedule.scheduleNotFound).map(toScheduleEvent));
  });

const toOccurrences = ({ timeZone }: { timeZone: string }, occurrences: number[]): Occurrences => ({
  occurrences: occurrences.map((at) => isoTime(at)),
  timeZone,
});

/** Judges what is asked for. What is wrong with it is told only to who is signed in, as of all input. */
async function judged<T>(c: AppContext, judge: () => T): Promise<T> {
  try {
    return judge();
  } catch (error) {
    if (error instanceof ApiError) return refuseInput(c, error);
    throw error;
  }
}

/** What a schedule is to be that no longer makes captures. */
const stopped = (what: "paused" | "deleted", before: ScheduleRow, now: number): ScheduleUpdate => ({
  ...{ what, fields: before, nextAt: null, problem: null },
  pausedAt: what === "paused" ? now : before.pausedAt,
});

function change(
  c: AppContext,
  id: number,
  decide: (before: ScheduleRow) => ScheduleUpdate | null,
  now: number,
): Promise<ScheduleChanged> {
  const precondition = readPrecondition(c, id, [FORMAT]);
  return changeSchedule(c.get("db"), c.get("credential"), id, precondition, decide, now);
}

/** The schedule before and after a change, or the refusal that fits. */
function requireChanged(changed: ScheduleChanged): { before: ScheduleRow; after: ScheduleRow } {
  switch (changed.outcome) {
    case "unauthenticated":
      throw unknownCaller();
    case "not-found":
      throw refuseSchedule.scheduleNotFound();
    case "forbidden":
      throw refuseSchedule.notScheduleOwnerOrAdmin();
    case "viewer":
      throw refuse.viewerMayNotChange();
    case "outdated":
      throw refuseSchedule.scheduleOutdated();
    case "excluded":
      throw refuseSchedule.scheduleExcluded();
    case "duplicate-name":
      throw refuseSchedule.duplicateSchedule();
    case "conflict":
      throw refuseSchedule.scheduleChangedMeanwhile();
    case "unchanged":
      return { before: changed.before, after: changed.before };
    case "changed":
      return changed;
  }
}

async function answerChange(c: AppContext, changed: ScheduleChanged, now: number): Promise<Response> {
  const { after } = requireChanged(changed);
  if (changed.outcome === "changed") {
    await wakeDeleted(c.env, changed.removed, now);
    await makeNow(c, after.id, now);
  }
  return tagged(c, after, now);
}

/** The schedule that was made, now or with the same key before, or the refusal that fits. */
async function answerCreation(c: AppContext, created: Created, now: number): Promise<Response> {
  switch (created.outcome) {
    case "unauthenticated":
      throw unknownCaller();
    case "no-environment":
      throw refuse.environmentNotFound();
    case "viewer":
      throw refuse.viewerMayNotChange();
    case "duplicate-name":
      throw refuseSchedule.duplicateSchedule();
    case "too-many":
      throw tooManySchedules(MAX_SCHEDULES);
    case "key-reused":
      throw refuse.keyReused();
    case "replayed":
      c.header("Idempotent-Replayed", "true");
      noteCaller(created.caller);
      return tagged(c, created.schedule, created.schedule.createdAt);
    case "created":
      noteCaller(created.caller);
      await makeNow(c, created.schedule.id, now);
      return tagged(c, created.schedule, now);
  }
}

/** Makes the capture of the next occurrence. What was asked for is in the database already: should this fail, cron does it. */
async function makeNow(c: AppContext, id: number, now: number): Promise<void> {
  try {
    await makeDueCaptures(c.env, c.get("db"), id, now);
  } catch (error) {
    log.warn("schedule.failed", { scheduleId: id, ...describeError(error) });
  }
}

/** A schedule with its tag, for a later If-Match. */
async function tagged(c: AppContext, row: ScheduleRow, now: number): Promise<Response> {
  const schedule = toSchedule(row, now);
  return c.json(schedule, 200, { ETag: await tagOf(row, JSON.stringify(schedule)) });
}

/** The tag of one schedule, a strong one. Its next occurrences change without a new version. */
const tagOf = async ({ id, version }: ScheduleRow, body: string): Promise<string> =>
  `"${FORMAT}.${id}.${version}.${(await sha256(body)).slice(0, 8)}"`;
