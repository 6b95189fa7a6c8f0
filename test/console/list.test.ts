import { describe, expect, it } from "vitest";
import type { Capture, Status } from "../../src/console/api/types.ts";
import { headSize, mergeHead } from "../../src/console/lib/list.ts";

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

describe("refreshing a list reads", () => {
  it("its beginning when nothing is live, for new ones", () => {
    expect(headSize(list(1000, 1))).toBe(50);
    expect(headSize([])).toBe(50);
  });

  it("down to the last that is live, and no more than the API gives", () => {
    const captures = list(1000, 1);
    captures[120] = capture(880, "RUNNING");
    expect(headSize(captures)).toBe(200);
    captures[999] = capture(1, "SCHEDULED");
    expect(headSize(captures)).toBe(1000);
  });
});

describe("what was read then", () => {
  it("takes the place of the beginning: new ones come, changes show, deleted ones go", () => {
    const before = list(100, 1);
    // 100 was deleted, 102 and 101 are new, 99 runs now.
    const head = [capture(102), capture(101), capture(99, "RUNNING"), ...list(98, 52)];
    expect(head).toHaveLength(50);
    const after = mergeHead(before, head, 50);
    expect(after.map(({ id }) => id)).toEqual([102, 101, ...list(99, 1).map(({ id }) => id)]);
    expect(after[2]?.status).toBe("RUNNING");
  });

  it("is all when it is less than was asked for", () => {
    expect(mergeHead(list(40, 1), list(10, 1), 50)).toEqual(list(10, 1));
    expect(mergeHead(list(40, 1), [], 50)).toEqual([]);
  });
});
