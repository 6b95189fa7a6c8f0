import { expect, test } from "vitest";
import { request, signUp } from "../support/api.ts";
import { operations } from "../support/contract.ts";

/** A validator's words. */
const THEIRS =
  /Invalid (input|email|password|option|string|\w+URL)|[Ee]xpected |received|Too (big|small):|predefined|Unauthorized|\[(body|query)/;

const WRONG: unknown[] = [undefined, null, 7, "", "x", "x".repeat(200), [], {}, true];

let addresses = 0;

const bodies = operations.filter(
  ({ path, operation }) => path.startsWith("/api/auth/") && operation.requestBody !== undefined,
);

test.each(bodies.map((described) => [described.path, described] as const))(
  "%s refuses each field of each wrong kind in words for people",
  async (path, { operation }) => {
    const person = await signUp();
    const content = operation.requestBody?.content["application/json"];
    const example = Object.values(content?.examples ?? {})[0]?.value as Record<string, unknown>;
    const headers = () => ({ ...person.headers, "cf-connecting-ip": `198.51.100.${++addresses}` });
    for (const field of Object.keys(example)) {
      for (const value of WRONG) {
        const json = { ...example, [field]: value };
        const { status, body } = await request<{ message?: string }>("POST", path, {
          json,
          headers: headers(),
        });
        if (status >= 400) expect(body.message, JSON.stringify(json)).not.toMatch(THEIRS);
      }
    }
    const none = await request<{ message?: string }>("POST", path, { json: [], headers: headers() });
    expect(none.body.message ?? "").not.toMatch(THEIRS);
  },
);

test("a limit that is no number is refused in words for people", async () => {
  const { headers } = await signUp();
  const reply = await request("GET", "/api/auth/api-key/list?limit=x", { headers });
  expect(reply.body).toEqual({ code: 400, message: "limit: must be an integer from 1 to 1000" });
});
