import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CheckedEnvironment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import {
  createEnvironment,
  expectRefusal,
  makeRole,
  type Person,
  requestIn,
  signUp,
} from "../support/api.ts";
import { bodyOf, refuseAssuming, register } from "./by-role.ts";
import { inChecks } from "./checks.ts";

let person: Person;
let aws: LocalAccount;
beforeEach(async () => {
  [person, aws] = await Promise.all([signUp(), createAccount()]);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("what is wrong with the service's own key", () => {
  test.each([
    ["is not known", { AWS_ACCESS_KEY_ID: "AKIANOSUCHKEY0000000" }, "InvalidClientTokenId"],
    ["has another secret", { AWS_SECRET_ACCESS_KEY: "of/another+key" }, "SignatureDoesNotMatch"],
  ])("is not blamed on a role: a key that %s", async (_, variables, code) => {
    const role = await makeRole(person, aws);
    const options = { json: bodyOf(role, aws), headers: person.headers };
    const reply = await requestIn(variables, "POST", "/api/environments", options);
    expectRefusal(
      reply,
      503,
      /^AWS refuses this service's own key, .* Neither the role nor its trust policy/,
    );
    expect(JSON.stringify(reply.body)).toContain(code);
    const { environment } = await createEnvironment(person, { aws });
    const path = `/api/environments/${environment.id}`;
    const { credentials } = options.json;
    const put = await requestIn(variables, "PUT", path, { json: { credentials }, headers: person.headers });
    expectRefusal(put, 503, /^AWS refuses this service's own key/);
    const made = await register(person, aws, role);
    const check = `/api/environments/${made.body.id}/check`;
    const checked = await requestIn<CheckedEnvironment>(variables, "POST", check, person);
    const detail = expect.stringMatching(/^AWS refuses this service's own key/);
    expect(inChecks(checked.body.checks, "credentials")).toMatchObject({ status: "unknown", detail });
    expect(inChecks(checked.body.checks, "external-id")).toMatchObject({ status: "unknown" });
  });

  test("is not blamed on a role: a clock that is wrong", async () => {
    const role = await makeRole(person, aws);
    refuseAssuming(
      "with",
      403,
      "SignatureDoesNotMatch",
      "Signature expired: 20261128T000000Z is now earlier",
    );
    expectRefusal(
      await register(person, aws, role),
      503,
      /^The clock of this service is wrong, .* are not at fault/,
    );
  });
});
