import { describe, expect, it } from "vitest";
import type { Capture, Status } from "../../src/console/api/types.ts";
import { headSize, isMoving, mergeHead } from "../../src/console/lib/list.ts";

const capture = (id: number, status: Status = "DONE"): Capture => ({
  id,
  name: `capture ${id}`,
  start: null,
  scheduledStart: null,
  scheduledEnd: null,
  end: null,
  status,
  envId: 1,
  type: "CAPTURE",
  reason: null,
});

/** Captures, newest first. */
const list = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => capture(from - i));

const NOW = Date.parse("2026-11-23T12:00:00Z");
const scheduled = (scheduledStart: string) => ({ ...capture(1, "SCHEDULED"), scheduledStart });

describe("a row can change by itself", () => {
  it("while its capture is under way, and shortly before it starts", () => {
    expect(isMoving(capture(1, "RUNNING"), NOW)).toBe(true);
    expect(isMoving(scheduled("2026-11-23T12:01:00Z"), NOW)).toBe(true);
    expect(isMoving(scheduled("2026-11-23T11:59:00Z"), NOW)).toBe(true);
  });

  it("not long before, nor once it has ended", () => {
    expect(isMoving(scheduled("2026-12-24T12:00:00Z"), NOW)).toBe(false);
    expect(isMoving(capture(1, "DONE"), NOW)).toBe(false);
    expect(isMoving(capture(1, "FAILED"), NOW)).toBe(false);
  });
});

describe("refreshing a list reads", () => {
  it("its beginning when nothing can change, for new captures", () => {
    expect(headSize(list(1000, 1), NOW)).toBe(50);
    expect(headSize([], NOW)).toBe(50);
  });

  it("down to the last capture that can change, and no more than a page", () => {
    const captures = list(1000, 1);
    captures[120] = capture(880, "RUNNING");
    expect(headSize(captures, NOW)).toBe(200);
    captures[999] = capture(1, "STOPPING");
    expect(headSize(captures, NOW)).toBe(1000);
  });
});

describe("the part that was read again", () => {
  it("replaces the beginning: new captures, changes and deletions show", () => {
    const before = list(100, 1);
    // 100 was deleted, 102 and 101 are new, 99 runs now.
    const head = [capture(102), capture(101), capture(99, "RUNNING"), ...list(98, 52)];
    expect(head).toHaveLength(50);
    const after = mergeHead(before, head, 50);
    expect(after.map(({ id }) => id)).toEqual([102, 101, ...list(99, 1).map(({ id }) => id)]);
    expect(after[2]?.status).toBe("RUNNING");
  });

  it("is the whole list when it is shorter than was asked for", () => {
    expect(mergeHead(list(40, 1), list(10, 1), 50)).toEqual(list(10, 1));
    expect(mergeHead(list(40, 1), [], 50)).toEqual([]);
  });
});
