import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { InstanceList } from "../../../src/environments/preflight/replies.ts";
import { createAccount, type LocalAccount } from "../../local-aws/test/client.ts";
import { expectRefusal, makeRole, type Person, request, requestIn, signUp } from "../../support/api.ts";

let person: Person;
let aws: LocalAccount;
beforeAll(async () => {
  person = await signUp();
});
beforeEach(async () => {
  aws = await createAccount();
});

describe("the list of an account's instances", () => {
  const list = (json: Record<string, unknown> = {}) =>
    person.post<InstanceList & { message?: string }>("/api/environments/instances", {
      region: aws.region,
      credentials: aws.credentials,
      ...json,
    });

  test("says of each whether it can be captured, and why not", async () => {
    aws = await createAccount({
      instances: [
        { identifier: "alone" },
        { identifier: "other", engine: "postgres", engineVersion: "16.4" },
        { identifier: "plain", parameterGroup: "default.mysql8.0" },
      ],
      clusters: [{ identifier: "shops" }],
    });
    const reply = await list();
    expect(reply.status).toBe(200);
    expect(reply.body.accountId).toMatch(/^\d{12}$/);
    expect(
      reply.body.instances.map(({ instance, cluster, role, capturable }) => [
        instance,
        cluster,
        role,
        capturable,
      ]),
    ).toEqual([
      ["alone", null, null, true],
      ["other", null, null, false],
      ["plain", null, null, false],
      ["shops-1", "shops", "writer", true],
      ["shops-2", "shops", "reader", true],
    ]);
    for (const { capturable, why } of reply.body.instances) expect(why === null).toBe(capturable);
  });

  test("is over after two time limits of a call, however many pages AWS has", async () => {
    const instances = Array.from({ length: 450 }, (_, i) => ({ identifier: `shop-${i}` }));
    aws = await createAccount({ instances });
    await aws.fault({ kind: "delay", delayMs: 1500, action: "DescribeDBInstances" });
    expectRefusal(await list(), 504, /^rds:DescribeDBInstances did not answer within/);
  });

  test("has no roles where the credentials may not ask for clusters", async () => {
    aws = await createAccount({ clusters: [{ identifier: "shops" }] });
    await aws.deny("rds:DescribeDBClusters");
    expect((await list()).body.instances.map(({ role }) => role)).toEqual([null, null]);
  });

  test.each<[string, () => Promise<unknown>, RegExp, number]>([
    ["a missing permission", () => aws.deny("rds:DescribeDBInstances"), /rds:DescribeDBInstances/, 400],
    [
      "a wrong key",
      () => aws.fault({ kind: "refuse", code: "InvalidClientTokenId" }),
      /no such access key/,
      400,
    ],
    ["throttling", () => aws.fault({ kind: "throttle" }), /Try again soon/, 503],
    ["silence", () => aws.fault({ kind: "hang" }), /did not answer within/, 504],
    ["an answer that is not AWS's", () => aws.fault({ kind: "proxy" }), /not of AWS's form/, 503],
  ])("is refused for %s", async (_, change, said, status) => {
    await change();
    expectRefusal(await list(), status, said);
  });

  test("is for people who are signed in, and AWS is asked nothing for others", async () => {
    const json = { region: aws.region, credentials: aws.credentials };
    expect((await request("POST", "/api/environments/instances", { json })).status).toBe(401);
    expect(await aws.requests()).toEqual([]);
  });

  test("takes no more than a region and credentials", async () => {
    expectRefusal(await list({ instance: "x" }), 400, /instance: not known here/);
    expectRefusal(await list({ region: "Virginia" }), 400, /region/);
  });

  test("says so when the service has no identity to assume a role with", async () => {
    const { roleArn } = await makeRole(person, aws);
    const json = { region: aws.region, credentials: { roleArn } };
    const reply = await requestIn({ AWS_ACCESS_KEY_ID: "" }, "POST", "/api/environments/instances", {
      json,
      headers: person.headers,
    });
    expectRefusal(reply, 400, /use an access key instead/);
  });
});
