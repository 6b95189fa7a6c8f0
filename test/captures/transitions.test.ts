import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { cancelCapture, deleteCapture, stopCapture } from "../../src/captures/changes.ts";
import { createCapture } from "../../src/captures/creation.ts";
import {
  cancelRefusal,
  deletion,
  dueAt,
  isTransition,
  stopRefusal,
  TRANSITIONS,
} from "../../src/captures/lifecycle.ts";
import { planCapture } from "../../src/captures/plan.ts";
import { makeTransition } from "../../src/captures/runner-store.ts";
import { STATUSES, type Status } from "../../src/db/states.ts";
import { castForEachTest } from "../support/each-test.ts";

/*
 * The SQL of transitions does to the row what lifecycle.ts says. The functions of the stores are called as they are, so that no
 * runner is woken and makes further transitions.
 */

const cast = castForEachTest();
const ANY = { accepted: null, excluded: [] };
const MINUTE = 60_000;

const caller = () => ({ kind: "user", value: cast.owner.id }) as const;

interface Row {
  status: Status;
  scheduled_start: number | null;
  scheduled_end: number | null;
  ended_at: number | null;
  due_at: number | null;
  deleted_at: number | null;
  reason: string | null;
  rearmed: number;
  version: number;
}

const rowOf = (id: number) =>
  env.DB.prepare("select * from captures where id = ?1").bind(id).first<Row>() as Promise<Row>;
const notesOf = async (id: number) =>
  (
    await env.DB.prepare(
      `select from_status as "from", to_status as "to", actor, reason, time from capture_events where capture_id = ?1 order by id`,
    )
      .bind(id)
      .all()
  ).results;

/** A capture that was made in one state and is put into another, with a due time that tells whether it stays. */
async function captureIn(status: Status, now: number): Promise<number> {
  const request = {
    name: `in ${status} ${crypto.randomUUID()}`,
    envId: cast.environment.id,
    status: null,
    start: null,
    scheduledStart: now + MINUTE,
    duration: null,
    redact: "secrets",
    maxBytes: null,
  } as const;
  const plan = planCapture(request, now);
  if ("refused" in plan) throw new Error(plan.refused);
  const made = await createCapture(env.DB, caller(), null, plan, 100, now);
  if (made.outcome !== "created") throw new Error(made.outcome);
  const { id } = made.capture;
  await env.DB.prepare(
    "update captures set status = ?2, started_at = ?3, due_at = 77, rearmed = 3 where id = ?1",
  )
    .bind(id, status, now - MINUTE)
    .run();
  return id;
}

describe.each(STATUSES)("a capture that is %s", (status) => {
  it("is stopped by SQL if the lifecycle allows it, and else left as it is", async () => {
    const now = Date.now();
    const id = await captureIn(status, now);
    const before = await rowOf(id);
    const { outcome } = await stopCapture(env.DB, caller(), id, ANY, now);
    const [, ...notes] = await notesOf(id);
    if (stopRefusal(status) !== null) {
      expect({ outcome, notes, row: await rowOf(id) }).toEqual({
        outcome: "refused",
        notes: [],
        row: before,
      });
      return;
    }
    const to = TRANSITIONS[status].stop as Status;
    const schedule = { scheduledStart: null, scheduledEnd: null };
    const due_at = dueAt(to, schedule, now);
    expect(outcome).toBe("changed");
    expect(await rowOf(id)).toEqual({ ...before, status: to, ended_at: now, due_at, rearmed: 0, version: 2 });
    expect(notes).toEqual([{ from: status, to, actor: cast.owner.id, reason: null, time: now }]);
  });

  it("is deleted by SQL as the lifecycle says", async () => {
    const now = Date.now();
    const id = await captureIn(status, now);
    const before = await rowOf(id);
    const { outcome } = await deleteCapture(env.DB, caller(), id, ANY, now);
    const { to, reason, ends, due } = deletion(status);
    const soon = dueAt("STOPPING", { scheduledStart: null, scheduledEnd: null }, now);
    expect(outcome).toBe("changed");
    expect(await rowOf(id)).toEqual({
      ...before,
      status: to,
      deleted_at: now,
      // Also if it never ran: these have a start.
      ended_at: ends || TRANSITIONS[status].deletion === "FAILED" ? now : null,
      due_at: { soon, never: null, unchanged: 77 }[due],
      reason: to === "FAILED" ? reason : null,
      rearmed: 0,
      version: 2,
    });
    const [, ...notes] = await notesOf(id);
    expect(notes).toEqual(
      TRANSITIONS[status].deletion === undefined
        ? []
        : [{ from: status, to, actor: cast.owner.id, reason, time: now }],
    );
  });

  it("makes the transitions of the table, each noted once, and no other", async () => {
    for (const to of STATUSES) {
      const now = Date.now();
      const id = await captureIn(status, now);
      const before = await rowOf(id);
      const capture = { id, scheduledStart: before.scheduled_start, scheduledEnd: null };
      const move = async () =>
        (await makeTransition(env.DB, capture, { from: status, to, reason: "Because" }, "runner", now)).moved;
      if (!isTransition(status, to)) {
        await expect(move()).rejects.toThrow(`${status} to ${to}`);
        expect(await rowOf(id)).toEqual(before);
        continue;
      }
      expect([await move(), await move()]).toEqual([true, false]);
      expect(await rowOf(id)).toMatchObject({ status: to, reason: "Because", rearmed: 0, version: 2 });
      const [, ...notes] = await notesOf(id);
      expect(notes).toEqual([{ from: status, to, actor: "runner", reason: "Because", time: now }]);
    }
  });

  it("makes no transition that was decided by other times than it has by now", async () => {
    for (const to of STATUSES.filter((other) => isTransition(status, other))) {
      const id = await captureIn(status, Date.now());
      const before = await rowOf(id);
      const times = { scheduledStart: before.scheduled_start, scheduledEnd: before.scheduled_end };
      for (const stale of [{ scheduledStart: 1 }, { scheduledEnd: 1 }]) {
        const capture = { id, ...times, ...stale };
        const made = await makeTransition(env.DB, capture, { from: status, to }, "runner", Date.now());
        expect(made).toEqual({ moved: false, told: false });
      }
      expect({ row: await rowOf(id), notes: (await notesOf(id)).length }).toEqual({ row: before, notes: 1 });
    }
  });

  it("is cancelled by SQL if the lifecycle allows it, and else left as it is", async () => {
    const now = Date.now();
    const id = await captureIn(status, now);
    const before = await rowOf(id);
    const { outcome } = await cancelCapture(env.DB, caller(), id, ANY, now);
    const [, ...notes] = await notesOf(id);
    if (cancelRefusal(status) !== null) {
      expect({ outcome, notes, row: await rowOf(id) }).toEqual({
        outcome: "refused",
        notes: [],
        row: before,
      });
      return;
    }
    const reason = "Cancelled before it was running";
    expect(outcome).toBe("changed");
    expect(await rowOf(id)).toEqual({
      ...before,
      status: "FAILED",
      ended_at: now,
      reason,
      due_at: null,
      rearmed: 0,
      version: 2,
    });
    expect(notes).toEqual([{ from: status, to: "FAILED", actor: cast.owner.id, reason, time: now }]);
  });

  it("makes no transition from another state", async () => {
    const id = await captureIn(status, Date.now());
    const before = await rowOf(id);
    for (const from of STATUSES.filter((other) => other !== status && isTransition(other, "FAILED"))) {
      const capture = { id, scheduledStart: before.scheduled_start, scheduledEnd: null };
      const made = await makeTransition(env.DB, capture, { from, to: "FAILED" }, "runner", Date.now());
      expect(made).toEqual({ moved: false, told: false });
    }
    expect({ row: await rowOf(id), notes: (await notesOf(id)).length }).toEqual({ row: before, notes: 1 });
  });
});
