import { afterEach, describe, expect, it, vi } from "vitest";
import type { AwsFailure, AwsResult } from "../../src/aws/client.ts";
import { getMetricData } from "../../src/aws/cloudwatch.ts";
import { explain } from "../../src/aws/explain.ts";
import { partitionOf } from "../../src/aws/partitions.ts";
import { describeInstance } from "../../src/aws/rds.ts";
import { assumeRole } from "../../src/aws/sts.ts";

const target = { region: "eu-central-1", timeoutMs: 1000 };
const keys = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" };
const askRds = () => describeInstance(target, keys, "shop");
const askCloudWatch = () =>
  getMetricData(target, keys, { instance: "shop", metrics: ["ReadIOPS"], start: 0, end: 1, period: 60 });

afterEach(() => {
  vi.restoreAllMocks();
});

/** Answers all requests from now on. Returns those that were made. */
function answer(status: number, body: string, headers: Record<string, string> = {}): Request[] {
  const asked: Request[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    asked.push(new Request(input, init));
    return new Response(status === 304 ? null : body, { status, headers });
  });
  return asked;
}

function failureOf(result: AwsResult<unknown>): AwsFailure {
  if (result.ok) throw new Error("AWS has answered");
  return result.failure;
}

const HTML = { "content-type": "text/html" };
/** What moto's server answers for an action that it lacks. */
const MOTO_500 =
  "<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n<p>The server";

describe("an answer that is not AWS's is told from AWS's, and tried again:", () => {
  it.each([
    ["a page", 200, "<html><body>It works!</body>", HTML, "NotAws", "200 with an HTML page,"],
    [
      "a page to sign in",
      200,
      "\ufeff <!DOCTYPE html><head><title>\n Sign in </title>",
      HTML,
      "NotAws",
      '200 with an HTML page "Sign in",',
    ],
    [
      "a page that refuses",
      403,
      "<HTML><TITLE>Blocked</TITLE>",
      HTML,
      "NotAws",
      '403 with an HTML page "Blocked",',
    ],
    [
      "a redirect",
      302,
      "",
      { location: "https://portal.example/login?to=x" },
      "NotAws",
      "302 with a redirect to portal.example,",
    ],
    ["a redirect to nowhere", 307, "", { location: "//[" }, "NotAws", "307 with a redirect to //[,"],
    ["JSON of another service", 200, '{"status":"ok"}', {}, "NotAws", "200 with JSON of another kind,"],
    [
      "another service's refusal",
      401,
      '{"message":"Unauthorized"}',
      {},
      "NotAws",
      "401 with JSON of another kind,",
    ],
    [
      "XML of another service",
      200,
      '<?xml version="1.0"?><feed/>',
      {},
      "NotAws",
      "200 with XML of another kind,",
    ],
    ["text", 404, "404 page not found\n", {}, "NotAws", '404 with text "404 page not found",'],
    ["nothing", 200, "", {}, "NotAws", "200 with nothing,"],
    ["moto's page", 500, MOTO_500, HTML, "HTTP500", '500 with an HTML page "500 Internal Server Error",'],
    [
      "a balancer's page",
      503,
      "<html><body><b>Http/1.1 Service Unavailable</b></body> </html>",
      HTML,
      "HTTP503",
      "503 with an HTML page,",
    ],
    ["a host that is not there", 530, "error code: 1016", {}, "HTTP530", '530 with text "error code: 1016",'],
  ])("%s", async (_, status, body, headers, code, what) => {
    answer(status, body, headers);
    for (const [ask, operation] of [
      [askRds, "rds:DescribeDBInstances"],
      [askCloudWatch, "cloudwatch:GetMetricData"],
    ] as const) {
      const failure = failureOf(await ask());
      const message = `${operation} answered ${what} which is not of AWS's form`;
      expect(failure).toEqual({ kind: "unavailable", code, operation, message });
      const explained = explain(failure, "shop", "eu-central-1");
      if (code === "NotAws") {
        expect(explained).toBe(
          `${message} (NotAws). Something between this service and AWS answers: its operator has to look at it. Try again soon.`,
        );
      } else expect(explained).toBe(`AWS could not answer: ${message} (${code}). Try again soon.`);
    }
  });

  it("of which a line is quoted", async () => {
    answer(404, `${"x".repeat(70)}\n${"y".repeat(1000)}`);
    expect(failureOf(await askRds()).message).toContain(`text "${"x".repeat(70)} ${"y".repeat(9)}…",`);
  });
});

describe("an answer of AWS's without an error that can be read", () => {
  const FROM_AWS = { "x-amzn-requestid": "1c8aac0e" };

  it.each([
    [403, "", "denied"],
    [413, "", "rejected"],
    [500, "<html></html>", "unavailable"],
    [503, '{"message":"Service Unavailable"}', "unavailable"],
    [429, "", "throttled"],
  ])("is what its status %i says", async (status, body, kind) => {
    answer(status, body, FROM_AWS);
    const failure = failureOf(await askRds());
    expect(failure).toEqual({
      kind,
      code: `HTTP${status}`,
      operation: "rds:DescribeDBInstances",
      message: `rds:DescribeDBInstances answered ${status}`,
    });
  });

  it("is malformed if it is a 200", async () => {
    answer(200, "<DescribeDBInstancesResponse/>", FROM_AWS);
    expect(failureOf(await askRds())).toMatchObject({ code: "MalformedReply" });
    answer(200, "{}", FROM_AWS);
    expect(failureOf(await askCloudWatch())).toMatchObject({ code: "MalformedReply" });
  });

  it("is AWS's without a request id, if it has the form", async () => {
    const result = { Id: "m0", StatusCode: "Complete", Timestamps: [60], Values: [1.5] };
    answer(200, JSON.stringify({ MetricDataResults: [result] }));
    expect(await askCloudWatch()).toEqual({ ok: true, value: [[{ time: 60_000, value: 1.5 }]] });
  });
});

describe("an error of the JSON protocol", () => {
  it.each<[Record<string, string>, string]>([
    [{ "x-amzn-query-error": "Throttling;Sender" }, "{}"],
    [{ "x-amzn-errortype": "Throttling" }, "{}"],
    [{ "x-amzn-errortype": "Throttling:http://internal.amazon.com/coral/com.amazon.coral.service/" }, "{}"],
    [{}, '{"__type":"Throttling"}'],
    [{}, '{"__type":"com.amazon.coral.service#Throttling"}'],
    [{}, '\ufeff{ "__type": "com.amazon.coral.service#Throttling:http://internal.amazon.com/" }'],
  ])("is read from %j %s", async (headers, body) => {
    answer(400, body, headers);
    expect(failureOf(await askCloudWatch())).toMatchObject({ kind: "throttled", code: "Throttling" });
  });
});

describe("a request", () => {
  it.each([
    ["eusc-de-east-1", "https://rds.eusc-de-east-1.amazonaws.eu/", "eusc-de-east-1/rds"],
    ["us-iso-east-1", "https://rds.us-iso-east-1.c2s.ic.gov/", "us-iso-east-1/rds"],
    ["us-gov-west-1", "https://rds.us-gov-west-1.amazonaws.com/", "us-gov-west-1/rds"],
  ])("for %s goes to %s, and is not to be redirected", async (region, url, scope) => {
    const asked = answer(500, "");
    await describeInstance({ ...target, region }, keys, "shop");
    expect(asked.map((request) => [request.url, request.redirect])).toEqual([[url, "manual"]]);
    expect(asked[0]?.headers.get("authorization")).toContain(`/${scope}/aws4_request`);
  });

  it.each([
    ["eu-central-1", "https://sts.eu-central-1.amazonaws.com/"],
    ["eu-south-2", "https://sts.us-east-1.amazonaws.com/"],
    ["cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/"],
    ["eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu/"],
  ])("for a role in %s goes to %s, which no account has to enable", async (region, url) => {
    const asked = answer(500, "");
    const roleArn = `arn:${partitionOf(region).id}:iam::123456789012:role/x`;
    await assumeRole({ ...target, region }, keys, { roleArn, externalId: "id" });
    expect(asked.map((request) => request.url)).toEqual([url]);
  });

  it.each([
    ["arn:aws:iam::123456789012:role/x", "cn-north-1", "aws, and cn-north-1 is in aws-cn"],
    ["arn:aws-us-gov:iam::123456789012:role/x", "us-east-1", "aws-us-gov, and us-east-1 is in aws"],
  ])("is not made for the role %s in %s, of another partition", async (roleArn, region, what) => {
    const asked = answer(500, "");
    const failure = failureOf(await assumeRole({ ...target, region }, keys, { roleArn, externalId: "id" }));
    expect(explain(failure, "shop", region)).toBe(`AWS keeps its partitions apart: the role is of ${what}`);
    expect(asked).toEqual([]);
  });

  it("has no access key id in what is said of its failure", async () => {
    answer(
      403,
      `<ErrorResponse><Error><Code>Code</Code><Message>${keys.accessKeyId} is unknown</Message></Error></ErrorResponse>`,
    );
    expect(failureOf(await askRds()).message).toBe("****MPLE is unknown");
  });
});
