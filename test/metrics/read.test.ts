import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { getMetricData } from "../../src/aws/cloudwatch.ts";
import type { Capture } from "../../src/captures/replies.ts";
import { CaptureRunner } from "../../src/captures/runner.ts";
import { METRICS } from "../../src/metrics/cloudwatch-metrics.ts";
import type { Metric } from "../../src/metrics/replies.ts";
import { METRIC_DELAY_MS, metricUnit, metricValue } from "../local-aws/metric-values.ts";
import { localAwsUrl } from "../local-aws/test/client.ts";
import { createCapture, createEnvironment, type Reply } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { travel, until } from "../support/time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const cast = castForEachTest();

/** A capture that ran between two times; an end of null leaves it running. */
async function captureOf(start: number, end: number | null): Promise<Capture> {
  const capture = await createCapture(cast.owner, {
    envId: cast.environment.id,
    start: new Date(start).toISOString(),
  });
  await until(cast.owner, capture, "RUNNING");
  if (end !== null) {
    await env.DB.prepare("update captures set status = 'DONE', ended_at = ?2 where id = ?1")
      .bind(capture.id, end)
      .run();
  }
  await cast.aws.clearRequests();
  return capture;
}

const metricsOf = ({ id }: Capture, query = ""): Promise<Reply<Metric[]>> =>
  cast.member.get<Metric[]>(`/api/captures/${id}/metrics${query}`);

/** What a call of GetMetricData asked for. */
function windowOf(parameters: Record<string, unknown>) {
  const [start, end] = [Number(parameters.StartTime) * 1000, Number(parameters.EndTime) * 1000];
  return { end, minutes: (end - start) / MINUTE };
}

const calls = async () => (await cast.aws.requests()).filter(({ action }) => action === "GetMetricData");

describe("GET /api/captures/{id}/metrics", () => {
  it("answers with the sixteen metrics in their order, in the specification's shape, as CloudWatch has them", async () => {
    const start = Math.floor(Date.now() / MINUTE) * MINUTE - 30 * MINUTE;
    const capture = await captureOf(start + 20_000, start + 10 * MINUTE + 10_000);
    const { status, body } = await metricsOf(capture);
    expect(status).toBe(200);
    // Whole minutes around the capture.
    const minutes = Array.from({ length: 11 }, (_, i) => start + i * MINUTE);
    expect(body).toEqual(
      METRICS.map(({ label, type }) => ({
        label,
        type,
        displayName: type,
        dataPoints: minutes.map((minute) => ({
          Timestamp: new Date(minute).toISOString(),
          Maximum: expect.closeTo(metricValue(cast.aws.instance, label, minute / MINUTE) as number, 9),
          Unit: metricUnit(label),
        })),
      })),
    );
  });

  it("names the metrics as the specification and the RDS guide do", () => {
    expect(METRICS.map(({ type }) => type)).toEqual([
      "CPU UTILIZATION",
      "READ IOPS",
      "WRITE IOPS",
      "FREEABLE MEMORY",
      "FREE STORAGE",
      "SWAP USAGE",
      "BIN LOG DISK USAGE",
      "READ THROUGHPUT",
      "WRITE THROUGHPUT",
      "NETWORK RECEIVE THROUGHPUT",
      "NETWORK TRANSMIT THROUGHPUT",
      "READ LATENCY",
      "WRITE LATENCY",
      "DATABASE CONNECTIONS",
      "DISK QUEUE DEPTH",
      "BURST BALANCE",
    ]);
  });

  it("shows points for a capture of a few seconds", async () => {
    const start = Date.now() - 10 * MINUTE;
    const { body } = await metricsOf(await captureOf(start, start + 3000));
    expect(body[0]?.dataPoints.length).toBeGreaterThanOrEqual(1);
  });

  it("picks metrics by type or label, in any letter case, each once and in the fixed order", async () => {
    const capture = await captureOf(Date.now() - HOUR, Date.now() - 30 * MINUTE);
    const { body } = await metricsOf(capture, "?type=burst%20balance&type=ReadIOPS&type=READ%20IOPS");
    expect(body.map(({ label }) => label)).toEqual(["ReadIOPS", "BurstBalance"]);
    const all = await metricsOf(capture);
    expect(body).toEqual([all.body[1], all.body[15]]);
  });

  it.each([
    ["type=LOAD", 'type: "LOAD" is not one of CPU UTILIZATION, READ IOPS, '],
    ["period=90", "period: must be a multiple of 60 seconds"],
    ["period=0", "period: must be a multiple of 60 seconds"],
    ["period=minute", "period: must be a number of seconds"],
    ["periode=60", "periode: not known here"],
  ])("answers 400 to ?%s", async (query, message) => {
    const capture = await captureOf(Date.now() - HOUR, Date.now());
    const reply = await metricsOf(capture, `?${query}`);
    expect(reply).toMatchObject({
      status: 400,
      body: { code: 400, message: expect.stringContaining(message) },
    });
  });

  it("uses the period that is asked for", async () => {
    const start = Math.floor(Date.now() / DAY) * DAY - DAY;
    const capture = await captureOf(start, start + 2 * HOUR);
    const { body } = await metricsOf(capture, "?period=600&type=cpuutilization");
    expect(body[0]?.dataPoints.map(({ Timestamp }) => Date.parse(Timestamp))).toEqual(
      Array.from({ length: 12 }, (_, i) => start + i * 10 * MINUTE),
    );
  });

  it("refuses a period that CloudWatch has no points of, and says which there are", async () => {
    const capture = await captureOf(Date.now() - 20 * DAY, Date.now() - 19 * DAY);
    const message = "period: CloudWatch has this capture's metrics in multiples of 300 seconds only";
    expect(await metricsOf(capture, "?period=60")).toMatchObject({ status: 400, body: { message } });
    expect((await metricsOf(capture)).body[0]?.dataPoints).toHaveLength(289);
  });

  it("reads all pages of a long reply", async () => {
    await cast.aws.setPageSize(1000);
    const start = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
    const capture = await captureOf(start, start + HOUR);
    const { body } = await metricsOf(capture);
    expect((await calls()).length).toBeGreaterThan(10);
    const whole = Array.from({ length: 60 }, (_, i) => new Date(start + i * MINUTE).toISOString());
    for (const { dataPoints } of body) expect(dataPoints.map(({ Timestamp }) => Timestamp)).toEqual(whole);
  });

  it("asks for the instance that was captured, though the environment names another by now", async () => {
    const { environment, aws } = await createEnvironment(cast.admin);
    const start = Date.now() - 2 * HOUR;
    const asked = { envId: environment.id, start: new Date(start).toISOString(), duration: 600 };
    const capture = await until(cast.admin, await createCapture(cast.admin, asked), "DONE");
    const moved = await cast.admin.put(`/api/environments/${environment.id}`, {
      instance: "demo-mariadb",
      credentials: aws.credentials,
    });
    expect(moved.status).toBe(200);
    await aws.clearRequests();
    expect((await cast.admin.get(`/api/captures/${capture.id}/metrics`)).status).toBe(200);
    const [call] = await aws.requests();
    expect(JSON.stringify(call?.parameters)).toContain('"demo-mysql"');
    expect(JSON.stringify(call?.parameters)).not.toContain("demo-mariadb");
  });

  it("answers with empty data points before the start, and asks AWS nothing", async () => {
    const scheduledStart = new Date(Date.now() + DAY).toISOString();
    const capture = await createCapture(cast.owner, { envId: cast.environment.id, scheduledStart });
    await cast.aws.clearRequests();
    const { status, body } = await metricsOf(capture);
    expect(status).toBe(200);
    expect(body.map(({ dataPoints }) => dataPoints)).toEqual(METRICS.map(() => []));
    expect(await cast.aws.requests()).toEqual([]);
  });

  it("asks AWS nothing for a capture that CloudWatch has forgotten", async () => {
    const capture = await captureOf(Date.now() - 470 * DAY, Date.now() - 460 * DAY);
    expect((await metricsOf(capture)).body[0]?.dataPoints).toEqual([]);
    expect(await calls()).toEqual([]);
  });

  it.each([
    ["running", null],
    ["done, but not archived yet,", -30 * MINUTE],
  ])("asks CloudWatch once in thirty seconds about a %s capture, whoever asks for what", async (_, end) => {
    const capture = await captureOf(Date.now() - HOUR - 20_000, end === null ? null : Date.now() + end);
    const queries = ["", "?type=ReadIOPS", "?type=BurstBalance&type=CPUUtilization&period=120"];
    for (let minutes = 1; minutes <= 60; minutes++) queries.push(`?period=${60 * minutes}`);
    // The Worker's clock stands from here on.
    await travel(cast.aws, 0);
    const first = await Promise.all(queries.map((query) => metricsOf(capture, query)));
    expect(first.map(({ status }) => status)).toEqual(queries.map(() => 200));
    expect(await calls()).toHaveLength(1);
    vi.setSystemTime(Date.now() + 29_000);
    for (const query of ["", "?period=86400"]) expect((await metricsOf(capture, query)).status).toBe(200);
    expect(await calls()).toHaveLength(1);
    vi.setSystemTime(Date.now() + 1_000);
    await metricsOf(capture);
    expect(await calls()).toHaveLength(2);
  });

  it("shows new points after thirty seconds, and asks for those only", async () => {
    const capture = await captureOf(Date.now() - 7 * HOUR, null);
    const first = await metricsOf(capture);
    await travel(cast.aws, 3 * MINUTE);
    const later = await metricsOf(capture);
    const [whole, rest] = (await calls()).map(({ parameters }) => windowOf(parameters));
    // A day before the start too, for the periods that begin before it.
    expect(whole?.minutes).toBeGreaterThan(31 * 60);
    // What may have come late.
    expect(rest?.minutes).toBeGreaterThanOrEqual(60);
    expect(rest?.minutes).toBeLessThan(70);
    expect(rest?.end).toBeGreaterThan(whole?.end as number);
    const seen = first.body[0]?.dataPoints.length as number;
    expect(later.body[0]?.dataPoints.slice(0, seen - 5)).toEqual(
      first.body[0]?.dataPoints.slice(0, seen - 5),
    );
    expect(later.body[0]?.dataPoints).toHaveLength(seen + 3);
    const newest = Date.parse(later.body[0]?.dataPoints.at(-1)?.Timestamp ?? "");
    expect(newest).toBeLessThanOrEqual(Date.now() - METRIC_DELAY_MS);
  });

  it.each([60, 120, 420, 900, 3600, 5400, 25_200, 86_400])(
    "makes the points of %i seconds that CloudWatch itself would, the first and the last among them",
    async (period) => {
      const start = Date.now() - 5 * HOUR - 12_345;
      const capture = await captureOf(start, start + 3 * HOUR);
      const { body } = await metricsOf(capture, `?period=${period}`);
      const step = period * 1000;
      const window = {
        start: Math.floor(start / step) * step,
        end: Math.ceil((start + 3 * HOUR) / step) * step,
        period,
      };
      const said = await getMetricData(
        { region: cast.aws.region, endpointUrl: localAwsUrl(), timeoutMs: 10_000 },
        cast.aws.credentials,
        { instance: cast.aws.instance, metrics: METRICS.map(({ label }) => label), ...window },
      );
      if (!said.ok) throw new Error(said.failure.message);
      expect(said.value[0]?.length).toBeGreaterThan(0);
      expect(
        body.map(({ dataPoints }) =>
          dataPoints.map(({ Timestamp, Maximum }) => ({ time: Date.parse(Timestamp), value: Maximum })),
        ),
      ).toEqual(said.value);
    },
  );

  it("asks CloudWatch without the cache when the runner can't be reached", async () => {
    const capture = await captureOf(Date.now() - HOUR, null);
    vi.spyOn(CaptureRunner.prototype, "metrics").mockRejectedValue(new Error("the object is away"));
    const { status, body } = await metricsOf(capture);
    vi.restoreAllMocks();
    expect(status).toBe(200);
    expect(body[0]?.dataPoints.length).toBeGreaterThan(0);
  });

  it("does not cache a failure", async () => {
    const capture = await captureOf(Date.now() - HOUR, null);
    await cast.aws.fault({ kind: "unavailable", times: 1 });
    expect((await metricsOf(capture)).status).toBe(503);
    expect((await metricsOf(capture)).status).toBe(200);
  });
});

describe.each([
  ["running", null],
  ["done", 10 * MINUTE],
])("while AWS does not answer as it should, for a %s capture", (_, lasted) => {
  const capture = () => captureOf(Date.now() - HOUR, lasted === null ? null : Date.now() - HOUR + lasted);

  it.each([
    ["deny", 502, /^AWS does not permit it: .*\(AccessDenied.*\)\. Give them the permissions/],
    ["throttle", 503, /^AWS is throttling requests of this account/],
    ["server-error", 503, /^AWS could not answer/],
    ["unavailable", 503, /^AWS could not answer/],
    [
      "garbage",
      503,
      /^cloudwatch:GetMetricData answered 200 with an HTML page, which is not of AWS's form \(NotAws\)/,
    ],
    ["hang", 504, /^cloudwatch:GetMetricData did not answer within 2 seconds \(Timeout\)/],
    ["reset", 504, /^cloudwatch:GetMetricData could not be reached/],
  ] as const)("%s is answered with %i and its cause, without a secret", async (kind, status, message) => {
    const target = await capture();
    await cast.aws.fault({ kind, action: "GetMetricData", times: 1 });
    const reply = await metricsOf(target);
    expect(reply).toMatchObject({ status, body: { code: status, message: expect.stringMatching(message) } });
    if (status === 503) expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(0);
    const { accessKeyId, secretAccessKey } = cast.aws.credentials;
    expect(JSON.stringify(reply.body)).not.toContain(accessKeyId);
    expect(JSON.stringify(reply.body)).not.toContain(secretAccessKey);
    expect(await calls()).toHaveLength(1);
  });

  it("a wrong clock of this service is answered with 503", async () => {
    const target = await capture();
    await cast.aws.setClock(-HOUR);
    const reply = await metricsOf(target);
    await cast.aws.setClock(0);
    expect(reply).toMatchObject({
      status: 503,
      body: { message: expect.stringMatching(/^The clock of this service is wrong, /) },
    });
  });

  it("passes on AWS's Retry-After", async () => {
    const target = await capture();
    await cast.aws.fault({ kind: "throttle", retryAfterSeconds: 17, times: 1 });
    expect((await metricsOf(target)).headers.get("retry-after")).toBe("17");
  });
});
