import { beforeAll, describe, expect, test } from "vitest";
import { createApiKey, createEnvironment, type Person, signUp } from "../support/api.ts";
import { clientOf, sent } from "./support.ts";

let admin: Person;
let key: string;
beforeAll(async () => {
  admin = await signUp("Admin");
  ({ key } = await createApiKey(admin));
});

describe("a list", () => {
  test("is read a page at a time, whatever its filter, and only as far as it is used", async () => {
    const { id: envId } = (await createEnvironment(admin)).environment;
    const client = clientOf(key);
    const scheduledStart = new Date(Date.now() + 3_600_000);
    for (let i = 0; i < 5; i++) await client.captures.create({ name: `page ${i}`, envId, scheduledStart });
    const names: string[] = [];
    sent.length = 0;
    for await (const { name } of client.captures.list({ envId, status: "SCHEDULED", limit: 2 }))
      names.push(name);
    expect(names).toEqual(["page 4", "page 3", "page 2", "page 1", "page 0"]);
    expect(sent).toHaveLength(3);
    sent.length = 0;
    for await (const { name } of client.captures.list({ limit: 2 })) if (name === "page 3") break;
    expect(sent).toHaveLength(1);
  });

  test("has single pages, each with the cursor of the next", async () => {
    const { captures } = clientOf(key);
    const { id: envId } = (await createEnvironment(admin)).environment;
    const scheduledStart = new Date(Date.now() + 3_600_000);
    for (const name of ["oldest", "middle", "newest"]) await captures.create({ name, envId, scheduledStart });
    const first = await captures.page({ envId, limit: 2 });
    expect(first.captures.map(({ name }) => name)).toEqual(["newest", "middle"]);
    const last = await captures.page({ envId, limit: 2, cursor: first.next ?? 0 });
    expect(last.captures.map(({ name }) => name)).toEqual(["oldest"]);
    expect(last.next).toBeNull();
  });
});
