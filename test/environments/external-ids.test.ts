import { beforeEach, describe, expect, test } from "vitest";
import { PENDING_LIFETIME_MS } from "../../src/environments/external-ids.ts";
import type { ExternalId } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import {
  createApiKey,
  expectRefusal,
  type Person,
  request,
  requestIn,
  sessionCookie,
  signUp,
} from "../support/api.ts";
import { expirePending } from "./by-role.ts";

const PATH = "/api/environments/external-id";

let person: Person;
beforeEach(async () => {
  person = await signUp();
});

const ask = (asker: Pick<Person, "headers"> = person) => request<ExternalId>("POST", PATH, asker);

describe("an external id", () => {
  test("is random text that IAM takes, with the trust policy that asks for it", async () => {
    const before = Date.now();
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body.externalId).toMatch(/^[\w-]{43}$/);
    expect(Date.parse(body.expiresAt)).toBeGreaterThanOrEqual(before + PENDING_LIFETIME_MS);
    expect(body.serviceArn).toBe("arn:aws:iam::111111111111:user/local");
    expect(body.trustPolicy).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: body.serviceArn },
          Action: "sts:AssumeRole",
          Condition: { StringEquals: { "sts:ExternalId": body.externalId } },
        },
      ],
    });
    expect(body.templateUrl).toBeNull();
  });

  test("is the same each time, in another browser and by an API key, and another for each person", async () => {
    const first = await ask();
    const signedIn = await request("POST", "/api/auth/sign-in/email", {
      json: { email: person.email, password: "a long password" },
    });
    const { key } = await createApiKey(person);
    const [again, elsewhere, byKey, others] = await Promise.all([
      ask(),
      ask({ headers: { cookie: sessionCookie(signedIn) } }),
      ask({ headers: { "x-api-key": key } }),
      signUp().then(ask),
    ]);
    for (const { body } of [again, elsewhere, byKey]) expect(body.externalId).toBe(first.body.externalId);
    expect(others.body.externalId).not.toBe(first.body.externalId);
  });

  test("is one when ten ask at once", async () => {
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask()));
    expect(new Set(replies.map(({ body }) => body.externalId)).size).toBe(1);
  });

  test("can be used for thirty days more each time it is asked for, and is another once it has expired", async () => {
    const { body: first } = await ask();
    await expirePending(person, Date.now() + 60_000);
    const { body: later } = await ask();
    expect(later.externalId).toBe(first.externalId);
    expect(Date.parse(later.expiresAt)).toBeGreaterThanOrEqual(Date.parse(first.expiresAt));
    await expirePending(person);
    const { body: next } = await ask();
    expect(next.externalId).not.toBe(first.externalId);
    expect(Date.parse(next.expiresAt)).toBeGreaterThanOrEqual(Date.parse(first.expiresAt));
  });

  test("says where the template of the role is, if the operator has put it somewhere", async () => {
    const ROLE_TEMPLATE_URL = "https://captures.s3.amazonaws.com/environment-role.template.json";
    const { body } = await requestIn<ExternalId>({ ROLE_TEMPLATE_URL }, "POST", PATH, person);
    expect(body.templateUrl).toBe(ROLE_TEMPLATE_URL);
  });

  test("is refused to people who are not signed in", async () => {
    expectRefusal(await ask({ headers: {} }), 401, "Login required");
  });

  test("is refused by a service without an identity, which says what to use instead", async () => {
    const reply = await requestIn({ AWS_SECRET_ACCESS_KEY: "" }, "POST", PATH, person);
    expectRefusal(reply, 409, /^This service has no AWS identity .* access key instead$/);
  });

  test.each([
    ["is not known", { accessKeyId: "AKIANOSUCHKEY0000000" }, "InvalidClientTokenId"],
    ["has another secret", { secretAccessKey: "of/another+key" }, "SignatureDoesNotMatch"],
  ])("is refused while the service's own key %s, without blame for the caller", async (_, change, code) => {
    const reply = await askAs(await createAccount(), change);
    expectRefusal(reply, 503, /^AWS refuses this service's own key, .* Its operator has to replace the key/);
    expect(JSON.stringify(reply.body)).toContain(code);
    expect(reply.headers.get("retry-after")).toMatch(/^\d+$/);
  });

  test.each(["throttle", "server-error", "garbage", "reset"] as const)(
    "is refused while AWS answers with %s, and is known from then on",
    async (kind) => {
      const service = await createAccount();
      await service.fault({ kind, action: "GetCallerIdentity" });
      expectRefusal(await askAs(service), 503, /Try again soon\.$/);
      await service.clearFaults();
      expect((await askAs(service)).status).toBe(200);
      await service.clearRequests();
      expect((await askAs(service)).body).toMatchObject({
        serviceArn: `arn:aws:iam::${service.accountId}:user/local`,
      });
      expect(await service.requests()).toEqual([]);
    },
  );
});

/** Asks a service that has an account's key for its own. */
function askAs({ credentials }: LocalAccount, change: Partial<LocalAccount["credentials"]> = {}) {
  const { accessKeyId, secretAccessKey } = { ...credentials, ...change };
  const variables = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  return requestIn<ExternalId>(variables, "POST", PATH, person);
}
