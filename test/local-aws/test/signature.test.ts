import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeDBInstancesCommand } from "@aws-sdk/client-rds";
import { AwsClient } from "aws4fetch";
import { describe, expect, it } from "vitest";
import { createAccount, localAwsUrl } from "./client.ts";
import { type ClientOptions, cloudWatchClient, rdsClient } from "./sdk.ts";

const MINUTE_MS = 60_000;

const account = await createAccount();
const url = `${localAwsUrl()}/`;

/** A valid call of each protocol, as a program without AWS's SDK would write it. */
const CALLS = {
  json: {
    service: "monitoring",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "GraniteServiceVersion20100801.GetMetricData",
    } as Record<string, string>,
    body: JSON.stringify({
      StartTime: Math.floor(Date.now() / 1_000) - 600,
      EndTime: Math.floor(Date.now() / 1_000),
      MetricDataQueries: [
        {
          Id: "q",
          MetricStat: {
            Metric: {
              Namespace: "AWS/RDS",
              MetricName: "CPUUtilization",
              Dimensions: [{ Name: "DBInstanceIdentifier", Value: "demo-mysql" }],
            },
            Period: 60,
            Stat: "Maximum",
          },
        },
      ],
    }),
  },
  query: {
    service: "rds",
    headers: { "content-type": "application/x-www-form-urlencoded" } as Record<string, string>,
    body: "Action=DescribeDBInstances&Version=2014-10-31",
  },
};
type Call = (typeof CALLS)["json"];

/** Signs a call with aws4fetch, an implementation of SigV4 that is not AWS's own. */
async function sign(call: Call): Promise<Request> {
  const client = new AwsClient({
    ...account.credentials,
    service: call.service,
    region: account.region,
    retries: 0,
  });
  const { headers, body } = call;
  return await client.sign(url, { method: "POST", headers, body });
}

/** Signs a call, changes the headers of the request, and sends it. */
async function sendChanged(call: Call, change: (headers: Headers) => void): Promise<Response> {
  const headers = new Headers((await sign(call)).headers);
  change(headers);
  return await fetch(url, { method: "POST", headers, body: call.body });
}

/** What an error reply says, in either protocol. */
async function errorOf(response: Response): Promise<{ code: string | undefined; message: string }> {
  const text = (await response.text()).replaceAll("&apos;", "'");
  const xml = /<Code>(.*?)<\/Code><Message>(.*?)<\/Message>/.exec(text);
  const json = /^{"__type":"[\w.]+#(\w+)","message":"(.*?)"}$/.exec(text);
  return { code: xml?.[1] ?? json?.[1], message: xml?.[2] ?? json?.[2] ?? "" };
}

function describeInstances(options: ClientOptions) {
  return rdsClient(account, options).send(new DescribeDBInstancesCommand({}));
}

function getMetricData(options: ClientOptions) {
  const input = { StartTime: new Date(0), EndTime: new Date(), MetricDataQueries: [] };
  return cloudWatchClient(account, options).send(new GetMetricDataCommand(input));
}

describe.each(["json", "query"] as const)("a call of the %s protocol signed with aws4fetch", (protocol) => {
  const call = CALLS[protocol];
  const json = protocol === "json";
  const mismatch = json ? "InvalidSignatureException" : "SignatureDoesNotMatch";
  const incomplete = json ? "IncompleteSignatureException" : "IncompleteSignature";

  it("is answered, with a request id", async () => {
    const response = await fetch(await sign(call));
    expect([response.status, response.headers.get("x-amzn-requestid")]).toEqual([
      200,
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
    expect(response.headers.get("content-type")).toBe(json ? "application/x-amz-json-1.0" : "text/xml");
    expect(await response.text()).toContain(json ? '"StatusCode":"Complete"' : "<DescribeDBInstancesResult>");
  });

  it("is refused when its body was changed on the way", async () => {
    const { headers } = await sign(call);
    const response = await fetch(url, { method: "POST", headers, body: `${call.body} ` });
    expect(response.status).toBe(json ? 400 : 403);
    expect((await errorOf(response)).code).toBe(mismatch);
  });

  it("is refused when a signed header was changed on the way", async () => {
    const tagged = { ...call, headers: { ...call.headers, "x-amz-tag": "a" } };
    expect((await fetch(await sign(tagged))).status).toBe(200);
    const response = await sendChanged(tagged, (headers) => headers.set("x-amz-tag", "b"));
    expect((await errorOf(response)).code).toBe(mismatch);
  });

  it("is refused when a hash vouches for another body", async () => {
    const signed = await sign({
      ...call,
      headers: { ...call.headers, "x-amz-content-sha256": "0".repeat(64) },
    });
    expect((await errorOf(await fetch(signed))).code).toBe(mismatch);
  });

  it("is refused when an x-amz- header was added after signing", async () => {
    const response = await sendChanged(call, (headers) => headers.set("x-amz-added", "1"));
    expect((await errorOf(response)).message).toContain("'x-amz-added' must be a 'SignedHeader'");
  });

  it.each(["host", "x-amz-date"])("is refused when %s is not signed", async (name) => {
    const signedHeader = new RegExp(`(SignedHeaders=[^,]*?)${name};?`);
    const response = await sendChanged(call, (headers) =>
      headers.set("authorization", headers.get("authorization")?.replace(signedHeader, "$1") ?? ""),
    );
    expect((await errorOf(response)).message).toContain(`'${name}' must be a 'SignedHeader'`);
  });

  it("is refused without a date, and with one that is none", async () => {
    const undated = await sendChanged(call, (headers) => headers.delete("x-amz-date"));
    expect((await errorOf(undated)).code).toBe(incomplete);
    const misdated = await sendChanged(call, (headers) => headers.set("x-amz-date", "yesterday"));
    expect((await errorOf(misdated)).code).toBe(incomplete);
  });

  it("is refused without an Authorization header", async () => {
    const response = await sendChanged(call, (headers) => headers.delete("authorization"));
    expect(response.status).toBe(json ? 400 : 403);
    expect((await errorOf(response)).code).toBe(`MissingAuthenticationToken${json ? "Exception" : ""}`);
  });

  it.each([
    "Bearer abc",
    "AWS4-HMAC-SHA256",
    "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0",
    "AWS4-HMAC-SHA256 Credential=a/20261123/us-east-1/rds/aws4_request, Signature=0",
  ])("is refused with the Authorization %s", async (authorization) => {
    const response = await sendChanged(call, (headers) => headers.set("authorization", authorization));
    expect((await errorOf(response)).code).toBe(incomplete);
  });

  it("is refused when the date of its scope is another than that of its signature", async () => {
    const response = await sendChanged(call, (headers) =>
      headers.set("authorization", headers.get("authorization")?.replace(/\/\d{8}\//, "/20200101/") ?? ""),
    );
    expect((await errorOf(response)).message).toContain("Date in Credential scope does not match");
  });

  it("is refused when it is signed for another service", async () => {
    const response = await fetch(await sign({ ...call, service: json ? "rds" : "monitoring" }));
    expect((await errorOf(response)).message).toContain(
      `Credential should be scoped to correct service: '${json ? "monitoring" : "rds"}'.`,
    );
  });

  it("is refused when its body is over a megabyte, and the server goes on", async () => {
    const response = await fetch(await sign({ ...call, body: "x".repeat(1024 * 1024 + 1) }));
    expect(response.status).toBe(413);
    expect((await fetch(await sign(call))).status).toBe(200);
  });

  it("is refused when its body is not what the protocol says", async () => {
    const bodies = json
      ? ["{", "[]", "null", '{"StartTime":"now"}', '{"MetricDataQueries":[1]}']
      : ["Action=a&Action=b", "%"];
    for (const body of bodies) {
      const response = await fetch(await sign({ ...call, body }));
      expect([body, response.status]).toEqual([body, 400]);
      expect((await errorOf(response)).code).toMatch(
        /^(SerializationException|MalformedInput|InvalidAction|ValidationException)$/,
      );
    }
  });

  it("is refused when there is no such action or version", async () => {
    const unknown = json
      ? { ...call, headers: { ...call.headers, "x-amz-target": "GraniteServiceVersion20100801.constructor" } }
      : { ...call, body: "Action=constructor&Version=2014-10-31" };
    const response = await fetch(await sign(unknown));
    expect(response.status).toBe(json ? 404 : 400);
    expect((await errorOf(response)).code).toBe(json ? "UnknownOperationException" : "InvalidAction");
  });
});

describe("a call signed with AWS's own client", () => {
  it("is refused with a wrong secret", async () => {
    const credentials = { ...account.credentials, secretAccessKey: "guess" };
    const message = expect.stringContaining("The request signature we calculated does not match");
    await expect(describeInstances({ credentials })).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
      message,
      $metadata: { httpStatusCode: 403 },
    });
    await expect(getMetricData({ credentials })).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
      message,
      $metadata: { httpStatusCode: 400 },
    });
  });

  it("is refused with an unknown key", async () => {
    const credentials = { accessKeyId: "AKIAUNKNOWN000000000", secretAccessKey: "guess" };
    const refusal = {
      name: "InvalidClientTokenId",
      message: "The security token included in the request is invalid.",
    };
    await expect(describeInstances({ credentials })).rejects.toMatchObject(refusal);
    await expect(getMetricData({ credentials })).rejects.toMatchObject(refusal);
  });

  it("is refused for another region than the account's", async () => {
    const refusal = {
      name: "SignatureDoesNotMatch",
      message: expect.stringContaining("Credential should be scoped to a valid region, not 'eu-north-1'."),
    };
    await expect(describeInstances({ region: "eu-north-1" })).rejects.toMatchObject(refusal);
    await expect(getMetricData({ region: "eu-north-1" })).rejects.toMatchObject(refusal);
  });

  it.each([
    ["late", -16, "Signature expired:"],
    ["early", 16, "Signature not yet current:"],
  ])("is refused when it comes 16 minutes too %s", async (_title, offsetMinutes, message) => {
    const refusal = { name: "SignatureDoesNotMatch", message: expect.stringContaining(message) };
    const systemClockOffset = offsetMinutes * MINUTE_MS;
    await expect(describeInstances({ systemClockOffset })).rejects.toMatchObject(refusal);
    await expect(getMetricData({ systemClockOffset })).rejects.toMatchObject(refusal);
  });

  it.each([-14, 14])("is answered when its date is %i minutes off", async (offsetMinutes) => {
    await expect(describeInstances({ systemClockOffset: offsetMinutes * MINUTE_MS })).resolves.toBeDefined();
  });

  it("is judged by the account's clock", async () => {
    const shifted = await createAccount();
    await shifted.setClock(60 * MINUTE_MS);
    const send = (systemClockOffset: number) =>
      rdsClient(shifted, { systemClockOffset }).send(new DescribeDBInstancesCommand({}));
    await expect(send(0)).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
    await expect(send(60 * MINUTE_MS)).resolves.toBeDefined();
  });
});

describe("the JSON protocol's errors", () => {
  it("carry a type in the body and the Query protocol's code in a header", async () => {
    const response = await fetch(await sign({ ...CALLS.json, body: "{}" }));
    expect(response.headers.get("x-amzn-query-error")).toBe("ValidationError;Sender");
    expect(await response.json()).toEqual({
      __type: "com.amazonaws.cloudwatch.v2010_08_01#ValidationException",
      message: "The parameter MetricDataQueries is required.",
    });
  });

  it("come with numbers printed as Java prints them in the replies", async () => {
    const text = await (await fetch(await sign(CALLS.json))).text();
    expect(text).toMatch(/"Timestamps":\[\d\.\d+E9,/);
  });
});

describe("anything else", () => {
  it("is answered with an error of AWS", async () => {
    const response = await fetch(`${url}v13/downloadCompleteLogFile/demo-mysql/general/mysql-general.log`);
    expect(response.status).toBe(403);
    expect((await errorOf(response)).code).toBe("MissingAuthenticationToken");
  });
});
