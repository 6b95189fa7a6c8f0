import { describe, expect, it } from "vitest";
import { type FilePosition, locate, wasRenamed } from "../../src/logs/files.ts";

const LIVE = "general/mysql-general.log";
const HOUR = 3_600_000;
const MINUTE = 60_000;
/** The top of an hour. */
const T = Date.UTC(2026, 10, 28, 7);

const position = (listedAt?: number): FilePosition => ({
  file: LIVE,
  marker: "7:100",
  bytesRead: 100,
  known: {},
  next: [],
  ...(listedAt === undefined ? {} : { listedAt }),
});
/** A file that was renamed at the end of an hour. */
const renamed = (hour: number, lastWritten = T + hour * HOUR, size = 1000) => ({
  name: `${LIVE}.2026-11-28.${hour}`,
  lastWritten,
  size,
});
const live = { name: LIVE, lastWritten: T + 30 * HOUR, size: 500 };

describe("a live file that was renamed", () => {
  it.each([
    ["a moment after it was listed", T + HOUR - 1000, T + HOUR],
    ["long before the next list", T + MINUTE, T + HOUR],
    ["and written on to for some minutes", T + MINUTE, T + HOUR + 9 * MINUTE],
    ["in the middle of an hour", T + MINUTE, T + 17 * MINUTE],
  ])("is followed to its new name: %s", (_, listedAt, lastWritten) => {
    const found = locate(
      LIVE,
      position(listedAt),
      [renamed(8, lastWritten), renamed(9), live],
      T + 30 * HOUR,
    );
    expect(found).toMatchObject({
      lost: null,
      isThere: true,
      position: { file: `${LIVE}.2026-11-28.8`, marker: "7:100", next: [`${LIVE}.2026-11-28.9`] },
    });
    expect(found.position.listedAt).toBe(T + 30 * HOUR);
  });

  it("is lost when the oldest that is left is of a later hour, as after a day on MariaDB and Aurora", () => {
    const found = locate(LIVE, position(T + MINUTE), [renamed(6), renamed(7), live], T + 30 * HOUR);
    expect(found).toMatchObject({
      lost: { cause: "RDS deleted a log file before it was read to its end", mayRepeat: true },
      position: { file: `${LIVE}.2026-11-28.6`, marker: "0", bytesRead: 0, next: [`${LIVE}.2026-11-28.7`] },
    });
  });

  it("is followed to the oldest name where it is not known when it was listed", () => {
    expect(locate(LIVE, position(), [renamed(6), live], T)).toMatchObject({
      lost: null,
      position: { file: `${LIVE}.2026-11-28.6`, marker: "7:100", listedAt: T },
    });
  });

  it("is told from one that is still the live one", () => {
    expect(wasRenamed(LIVE, position(T), [live])).toBe(false);
    expect(wasRenamed(LIVE, position(T), [renamed(8), live])).toBe(true);
    expect(wasRenamed(LIVE, position(), [renamed(8), live])).toBe(true);
  });
});
