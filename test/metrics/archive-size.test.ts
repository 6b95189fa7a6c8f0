import { describe, expect, it } from "vitest";
import { archivable, SLICE_POINTS } from "../../src/metrics/archive.ts";
import { type ArchiveHeader, decodeArchive, encodeArchive } from "../../src/metrics/archive-format.ts";
import { METRICS, metricsOf } from "../../src/metrics/cloudwatch-metrics.ts";
import { aggregate, emptyColumns, fillColumn } from "../../src/metrics/columns.ts";
import { slicesOf } from "../../src/metrics/window.ts";
import { METRICS_ARCHIVE } from "../fixtures/stored-unversioned.ts";
import { signUpWithKey } from "../support/api.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import { EndedCaptures, logged, SETTLED } from "../support/ended-captures.ts";
import { runAlarm, travel } from "../support/time.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

const own = environmentForEachTest(signUpWithKey);
const captures = new EndedCaptures(own);

describe("an archive from before there were other versions", () => {
  const bytes = Uint8Array.fromBase64(METRICS_ARCHIVE);

  it("is read, and is written with a version", async () => {
    const { header, columns } = await decodeArchive(streamOf(bytes.buffer), 1, [0, 13]);
    expect(header).toMatchObject({ captureId: 1, period: 60, incomplete: null });
    expect((header.end - header.start) / MINUTE).toBe(6);
    for (const column of columns) expect(column?.every((value) => value >= 0)).toBe(true);
    const written = await encodeArchive(
      header,
      metricsOf("rds"),
      Array<Float64Array>(16).fill(new Float64Array(6)),
    );
    const [first] = (await textOf(written)).split("\n");
    expect(first).toMatch(/^\[\{.*"version":1\},$/);
  });

  it("is not read as another capture's", async () => {
    await expect(decodeArchive(streamOf(bytes.buffer), 2, [0])).rejects.toThrow("It is capture 1's");
  });

  const text = textOf(bytes.buffer);

  it.each<[string, (text: string) => string, RegExp]>([
    [
      "of a newer version",
      (it) => it.replace('"version":1', '"version":2'),
      /^The metrics archive is of version 2/,
    ],
    ["whose end is missing", (it) => it.split("\n").slice(0, 9).join("\n"), /^It has no end$/],
    [
      "whose header is damaged",
      (it) => it.replace('"period":60', '"period":"60"'),
      /^The metrics archive is damaged: period/,
    ],
    [
      "one of whose columns is short",
      (it) => it.replace(/("CPUUtilization","values":\[)[^,]*,/, "$1"),
      /not as long as it was$/,
    ],
  ])("is not read when it is one %s", async (_, harm, message) => {
    const harmed = await gzip(harm(await text));
    await expect(decodeArchive(streamOf(harmed), 1, [0])).rejects.toThrow(message);
  });

  it("is read although metrics were added and removed since", async () => {
    const changed = (await text).replace(
      /\{"label":"BurstBalance".*/,
      '{"label":"Gone","values":[1,2,3,4,5,6]}]',
    );
    const { columns } = await decodeArchive(streamOf(await gzip(changed)), 1, [0, 15]);
    expect([columns[0]?.length, columns[1]]).toEqual([6, null]);
  });
});

describe("a large archive", () => {
  const start = Date.UTC(2026, 0, 1);
  const window = { start, end: start + 31 * DAY, period: 60 };
  const header: ArchiveHeader = { captureId: 7, ...window, archivedAt: start, incomplete: null };

  it("of 31 days of minutes is written and read in seconds, one column at a time, and comes back unchanged", async () => {
    const columns = emptyColumns(window, METRICS.length);
    for (const column of columns) {
      fillColumn(
        column,
        window,
        Array.from(column, (_, i) => ({ time: start + i * MINUTE, value: Math.random() * 1e3 })),
      );
      column[17] = Number.NaN;
    }
    const began = performance.now();
    const bytes = await encodeArchive(header, metricsOf("rds"), columns);
    const written = performance.now();
    const decoded = await decodeArchive(streamOf(bytes), 7, [0, 15]);
    const read = performance.now();
    console.info(
      JSON.stringify({
        event: "test.archive",
        bytes: bytes.byteLength,
        write: written - began,
        read: read - written,
      }),
    );
    expect(decoded.header).toEqual(header);
    expect(decoded.columns).toEqual([columns[0], columns[15]]);
    expect(bytes.byteLength).toBeLessThan(10_000_000);
    expect(read - began).toBeLessThan(10_000);
    const hours = aggregate(columns[3] as Float64Array, window, 3600);
    expect(hours).toHaveLength(31 * 24);
    const [first] = hours;
    expect(first?.value).toBe(
      Math.max(...[...(columns[3] as Float64Array)].slice(0, 60).filter((v) => v >= 0)),
    );
  });

  it("is asked for in slices of at most 1,440 points, which are the whole window once", () => {
    const now = Date.UTC(2026, 10, 23, 12, 0, 30);
    for (const [days, period] of [
      [14, 60],
      [31, 300],
      [400, 3600],
      [2000, 3600],
    ] as const) {
      const able = archivable(
        {
          start: now - days * DAY,
          end: now - DAY,
          deletedAt: null,
          credentials: "sealed",
        },
        now,
      );
      if (!("window" in able)) throw new Error("It can be archived");
      expect(able.window.period).toBe(period);
      const slices = [...slicesOf(able.window, SLICE_POINTS)];
      expect(slices.length).toBeLessThanOrEqual(20);
      let at = able.window.start;
      for (const slice of slices) {
        expect(slice.start).toBe(at);
        expect((slice.end - slice.start) / (period * 1000)).toBeLessThanOrEqual(1440);
        at = slice.end;
      }
      expect(at).toBe(able.window.end);
    }
  });

  it.each([
    { begins: "at a multiple of 14 minutes", isMultiple: true, period: 840 },
    // Periods of 14 minutes would be 1,441, with those at the edges.
    { begins: "elsewhere", isMultiple: false, period: 900 },
  ])(
    "of a capture of 14 days that begins $begins is stored whole by one alarm",
    async ({ isMultiple, period }) => {
      const ended = Math.floor(Date.now() / HOUR) * HOUR;
      const hours = [1, 2, 3, 4, 5, 6, 7];
      const ago =
        hours.find((n) => ((ended - n * HOUR - 14 * DAY) % (14 * MINUTE) === 0) === isMultiple) ?? 0;
      const capture = await captures.create(14 * DAY, own.environment.id, ago * HOUR);
      await travel(own.aws, SETTLED);
      await own.aws.clearRequests();
      const [line] = await logged("capture.metrics.archived", () => runAlarm(capture));
      expect(line).toMatchObject({ period: 60, points: 14 * 1440 * METRICS.length, incomplete: null });
      expect(await captures.calls()).toHaveLength(14);
      await own.aws.clearRequests();
      const reply = await captures.metricsOf(capture);
      expect(reply.headers.get("x-metrics-period")).toBe(String(period));
      expect(reply.body[15]?.dataPoints).toHaveLength((14 * DAY) / (period * 1000));
      expect(
        (await captures.metricsOf(capture, "?period=60&type=ReadIOPS")).body[0]?.dataPoints,
      ).toHaveLength(14 * 1440);
      expect(await captures.metricsOf(capture, "?period=60")).toMatchObject({ status: 400 });
      expect(await captures.calls()).toEqual([]);
    },
  );

  it("waits for the end of the last period, however long that is", () => {
    const end = Date.UTC(2026, 10, 23, 12, 10);
    const capture = {
      start: end - 100 * DAY,
      end,
      deletedAt: null,
      credentials: "sealed",
    };
    const hourEnd = Date.UTC(2026, 10, 23, 13);
    expect(archivable(capture, end + 10 * MINUTE)).toEqual({ notBefore: hourEnd + 5 * MINUTE });
    expect(archivable(capture, hourEnd + 5 * MINUTE)).toMatchObject({
      window: { end: hourEnd, period: 3600 },
    });
  });
});

const textOf = (bytes: ArrayBuffer) =>
  new Response(streamOf(bytes).pipeThrough(new DecompressionStream("gzip"))).text();
const gzip = (text: string) =>
  new Response(new Response(text).body?.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();

function streamOf(bytes: ArrayBuffer): ReadableStream<Uint8Array> {
  return new Response(bytes).body as ReadableStream<Uint8Array>;
}
