import pc from "picocolors";
import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatDuration,
  formatMicros,
  formatTime,
  withLocalTimes,
} from "../../src/cli/terminal/format.ts";
import { progressLine } from "../../src/cli/terminal/progress-line.ts";
import { recordLine, tabbedRecord } from "../../src/cli/terminal/record-line.ts";
import { tableText } from "../../src/cli/terminal/table.ts";
import { clean, cut } from "../../src/cli/terminal/text.ts";
import type { WorkloadRecord } from "../../src/client/index.ts";

describe("a text that somebody else wrote", () => {
  test("can't steer a terminal", () => {
    expect(clean("\x1b]0;title\x07\x1b[2J\x9b1m\r")).toBe("\\x1b]0;title\\x07\\x1b[2J\\x9b1m\\x0d");
  });
  test("stays on one line", () => {
    expect(clean("select\n\t1\u2028")).toBe("select  1\\u2028");
  });
  test("can't turn the direction of writing", () => {
    expect(clean("user\u202eresu\u2066")).toBe("user\\u202eresu\\u2066");
  });
  test("keeps its letters, whichever they are", () => {
    expect(clean("größe 注文 🚀")).toBe("größe 注文 🚀");
  });
});

describe("a table in a terminal", () => {
  const columns = [
    { title: "ID", of: ({ id }: { id: number }) => id, align: "right" as const },
    { title: "STATEMENT", of: ({ text }: { text: string }) => text, shrinks: true },
    { title: "USER", of: () => "app" },
  ];

  test("lines its columns up, also those of wide letters", () => {
    const rows = [
      { id: 1, text: "select 1" },
      { id: 22, text: "注文" },
    ];
    expect(tableText(columns, rows, 80).split("\n")).toEqual([
      "ID  STATEMENT  USER",
      " 1  select 1   app",
      "22  注文       app",
    ]);
  });

  test("cuts the column that may shrink, and is no wider than the terminal", () => {
    const text = tableText(columns, [{ id: 1, text: "select ".repeat(20) }], 40);
    expect(text.split("\n")[1]).toMatch(/^ 1 {2}select select .*… {2}app$/);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(40);
  });

  test("colours a cell after it is measured", () => {
    const painted = [{ title: "ID", of: () => "1", paint: (text: string) => `\x1b[31m${text}\x1b[39m` }];
    expect(tableText(painted, [{}], 80)).toBe("ID\n\x1b[31m1\x1b[39m");
  });
});

test("a cut text says that there is more", () => {
  expect(cut("select", 6)).toBe("select");
  expect(cut("select 1", 6)).toBe("selec…");
  expect(cut("注文注文", 5)).toBe("注文…");
});

test("durations, times and amounts are short", () => {
  expect([0, 400, 45_000, 5_400_000, 86_400_000, 90_061_000].map(formatDuration)).toEqual([
    "0s",
    "0s",
    "45s",
    "1h30m",
    "1d",
    "1d1h",
  ]);
  expect([0, 12.4, 1250, 1_500_000, 125_000_000].map(formatMicros)).toEqual([
    "0 µs",
    "12.4 µs",
    "1.25 ms",
    "1.5 s",
    "2m5s",
  ]);
  expect([0, 1023, 1536, 5 * 1024 ** 3].map(formatBytes)).toEqual(["0 B", "1,023 B", "1.5 KiB", "5 GiB"]);
  expect(formatTime("2026-11-28T14:05:09.999Z")).toBe("2026-11-28 14:05:09Z");
});

describe("the line of progress", () => {
  const state = { label: "Running", fraction: 0.5, details: ["30s left", "1,234 statements"] };

  test("shows a bar, the percentage and what is known", () => {
    expect(progressLine(state, 80)).toBe(
      "Running [############------------]  50%  30s left  1,234 statements",
    );
  });
  test("leaves out what has no room, whole", () => {
    expect(progressLine(state, 60)).toBe("Running [############------------]  50%  30s left");
    expect(progressLine(state, 30)).toBe("Running  30s left");
    expect(progressLine(state, 5)).toBe("Runn");
  });
  test("has no bar where nobody knows the end", () => {
    expect(progressLine({ ...state, fraction: null }, 80)).toBe("Running  30s left  1,234 statements");
  });
  test("keeps its bar within its ends", () => {
    expect(progressLine({ label: "x", fraction: 1.7, details: [] }, 80)).toContain(
      "[########################]",
    );
    expect(progressLine({ label: "x", fraction: -1, details: [] }, 80)).toContain(
      "[------------------------]",
    );
  });
});

test("a text of the service has its times as all others are printed", () => {
  expect(withLocalTimes("before 2026-11-28T14:05:09.000100Z, after 2026-11-28T14:05:09Z.")).toBe(
    "before 2026-11-28 14:05:09.000100Z, after 2026-11-28 14:05:09Z.",
  );
});

describe("a record on a line", () => {
  const record = {
    log: "slow",
    time: "2026-11-28T14:05:09.000100Z",
    threadId: 7,
    user: "app",
    host: "web",
    db: null,
    command: "Administrator command",
    durationMicros: 1250,
    statement: "Ping",
    fingerprint: "",
  } as unknown as WorkloadRecord;

  test("leaves the columns of administrator commands where they are", () => {
    const other = { ...record, command: "Query" } as WorkloadRecord;
    const [admin, query] = [record, other].map((one) => recordLine(one, pc.createColors(false), null));
    expect(admin).toContain("  Admin    ");
    expect(admin?.length).toBe(query?.length);
    expect(tabbedRecord(record)).toContain("\tAdministrator command\t");
  });

  test("has no colour of an error that is not there", () => {
    const colors = { ...pc.createColors(false), red: (text: unknown) => `<red>${text}</red>` };
    expect(recordLine(record, colors, null)).not.toContain("red");
    const failed = { ...record, errno: 1064 } as WorkloadRecord;
    expect(recordLine(failed, colors, null)).toContain("<red>error 1064  </red>");
  });
});
