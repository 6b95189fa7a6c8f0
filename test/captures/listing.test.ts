import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { listCaptures } from "../../src/captures/listing.ts";
import { cursorOf, orderOf, positionOf, SORTS } from "../../src/captures/paging.ts";
import type { Capture, FullCapture } from "../../src/captures/replies.ts";
import type { Db } from "../../src/db/types.ts";
import { type Cast, createCapture, createCast, createEnvironment, expectRefusal } from "../support/api.ts";

let cast: Cast;
let other: { id: number };
/** In the order in which they were made. */
const made: Capture[] = [];

const HOUR = 3_600_000;
const from = Date.now() + 24 * HOUR;
const at = (hours: number) => new Date(from + hours * HOUR).toISOString();

/** Name, hours from `from` on to its start, how many it lasts, labels, who makes it, and in which environment. */
const CAPTURES: [string, number, number | null, Record<string, string>, "admin" | "owner", boolean][] = [
  ["charlie", 3, 1, { release: "1.2", team: "web" }, "owner", false],
  ["Alpha", 1, null, { release: "1.2" }, "admin", true],
  ["bravo", 1, 2, { release: "1.3", team: "web" }, "owner", true],
  ["delta 🚀", 0, 1, {}, "admin", false],
  ["alpha", 5, 1, { url: "https://x" }, "admin", false],
];

beforeAll(async () => {
  cast = await createCast();
  other = (await createEnvironment(cast.admin, { aws: cast.aws, name: "other" })).environment;
  for (const [name, start, hours, labels, maker, isOther] of CAPTURES) {
    const envId = isOther && maker === "admin" ? other.id : cast.environment.id;
    const duration = hours === null ? null : hours * 3600;
    made.push(await createCapture(cast[maker], { envId, name, scheduledStart: at(start), duration, labels }));
  }
});

const names = async (query: string) =>
  (await cast.admin.get<Capture[]>(`/api/captures?${query}`)).body.map(({ name }) => name);

describe("GET /api/captures filters", () => {
  it.each([
    ["owner=me", ["alpha", "delta 🚀", "Alpha"]],
    ["label=release:1.2", ["Alpha", "charlie"]],
    ["label=release:1.2&label=team:web", ["charlie"]],
    ["label=release:1.2&label=release:1.3", []],
    ["label=url:https://x", ["alpha"]],
    ["label=release:1", []],
    ["search=LPHA", ["alpha", "Alpha"]],
    ["search=%F0%9F%9A%80", ["delta 🚀"]],
    ["search=%25", []],
    [`from=${at(4)}`, ["alpha", "Alpha", "charlie"]],
    [`to=${at(1)}`, ["delta 🚀"]],
    [`from=${at(1.5)}&to=${at(2)}`, ["bravo", "Alpha"]],
  ])("by %s", async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  it("by another's id, and the time that one really recorded", async () => {
    expect(await names(`owner=${cast.owner.id}`)).toEqual(["bravo", "charlie"]);
    const [, , bravo] = made;
    await env.DB.prepare("update captures set started_at = ?2, ended_at = ?3, status = 'DONE' where id = ?1")
      .bind(bravo?.id, from - 2 * HOUR, from - HOUR)
      .run();
    expect(await names(`to=${at(-1.5)}`)).toEqual(["bravo"]);
    expect(await names(`from=${at(-0.5)}&owner=${cast.owner.id}`)).toEqual(["charlie"]);
    expect(await names("sort=start&limit=1")).toEqual(["bravo"]);
    await env.DB.prepare(
      "update captures set started_at = null, ended_at = null, status = 'SCHEDULED' where id = ?1",
    )
      .bind(bravo?.id)
      .run();
  });

  it.each([
    ["label=release", 400, "label: must be a key and a value with a colon between them, such as release:1.2"],
    ["label=release:", 400, expect.stringMatching(/^label: must be a key/)],
    ["sort=size", 400, "sort: must be one of -created, created, -start, start, -name, name"],
    ["from=yesterday", 400, expect.stringMatching(/^from: must be a time such as/)],
    ["owner=me&owner=you", 400, "owner: may be given once only"],
    [`search=${"x".repeat(101)}`, 400, "search: must be at most 100 characters long"],
  ])("refuses ?%s", async (query, status, message) => {
    expect(await cast.admin.get(`/api/captures?${query}`)).toMatchObject({ status, body: { message } });
  });
});

describe("GET /api/captures sorts", () => {
  const compare = (a: Capture, b: Capture, by: string) => {
    const [x, y] = [
      { created: a.id, start: a.scheduledStart ?? "", name: a.name }[by],
      { created: b.id, start: b.scheduledStart ?? "", name: b.name }[by],
    ] as [string, string];
    return x < y ? -1 : x > y ? 1 : a.id - b.id;
  };

  it.each(SORTS)(
    "by %s, each capture once, whatever the size of the pages, in one environment and in all",
    async (sort) => {
      const { by, isDescending } = orderOf(sort);
      const sorted = made.toSorted((a, b) => compare(a, b, by));
      if (isDescending) sorted.reverse();
      for (const limit of [1, 2, 4, 100]) {
        for (const envId of [undefined, cast.environment.id]) {
          const seen: string[] = [];
          let next: string | undefined =
            `/api/captures?sort=${sort}&limit=${limit}${envId === undefined ? "" : `&envId=${envId}`}`;
          while (next !== undefined) {
            const reply: Awaited<ReturnType<typeof cast.admin.get<Capture[]>>> =
              await cast.admin.get<Capture[]>(next);
            seen.push(...reply.body.map(({ name }) => name));
            next = /^<(.+)>; rel="next"$/.exec(reply.headers.get("link") ?? "")?.[1];
          }
          const expected = sorted.filter((capture) => envId === undefined || capture.envId === envId);
          expect(seen).toEqual(expected.map(({ name }) => name));
        }
      }
    },
  );

  it("goes on rightly when the last of a page is renamed meanwhile", async () => {
    const first = await cast.admin.get<FullCapture[]>("/api/captures?sort=name&limit=2&view=full");
    const last = first.body.at(-1) as FullCapture;
    await cast.admin.put(`/api/captures/${last.id}`, { name: "zulu" });
    const next = /^<(.+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1] as string;
    const rest = await cast.admin.get<Capture[]>(next);
    expect(rest.body[0]?.name).toBe("bravo");
    await cast.admin.put(`/api/captures/${last.id}`, { name: last.name });
  });

  it.each([
    "sort=name&cursor=1",
    `sort=name&cursor=${cursorOf({ id: 1, value: 7 })}`,
    `sort=start&cursor=${cursorOf({ id: 1, value: "a" })}`,
    `cursor=${cursorOf({ id: 1, value: "a" })}`,
    "sort=name&cursor=1.xx",
    "sort=name&cursor=1.%5F%5F%5F",
  ])("refuses a cursor of another order: ?%s", async (query) => {
    const reply = await cast.admin.get(`/api/captures?${query}`);
    expectRefusal(reply, 400, /^cursor: is of a list in another order\. Follow the Link header/);
  });

  it("has a cursor of every position, whatever the name", () => {
    const position = fc.record({
      id: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      value: fc.string({ unit: "grapheme" }),
    });
    fc.assert(
      fc.property(position, (one) => {
        expect(positionOf("-name", cursorOf(one))).toEqual(one);
      }),
    );
  });
});

describe("the statement of a page", () => {
  /** Asks how SQLite runs a statement, in its place. */
  const explaining = {
    prepare: (sql: string) => env.DB.prepare(`explain query plan ${sql}`),
  } as Db;

  it.each([
    ["-created", "captures_env_id_deleted_at_id"],
    ["-start", "captures_env_id_begins_at"],
    ["start", "captures_env_id_begins_at"],
    ["-name", "captures_env_id_name"],
    ["name", "captures_env_id_name"],
  ] as const)("of %s finds each environment's captures in the order of an index", async (sort, index) => {
    const position = { id: 1, value: orderOf(sort).by === "name" ? "x" : 1 };
    for (const after of [null, position]) {
      const request = { sort, after, isFull: true, limit: 2, label: ["a:b"], owner: "me" };
      const seen = await listCaptures(
        explaining,
        { kind: "user", value: cast.admin.id },
        request,
        Date.now(),
      );
      const { found } = seen as unknown as { found: { detail: string }[] };
      const plan = found.map(({ detail }) => detail);
      expect(plan).toContainEqual(
        expect.stringMatching(new RegExp(`^SEARCH p USING (COVERING )?INDEX ${index} `)),
      );
      // Only the pages of the environments are sorted together.
      expect(plan.filter((step) => step.includes("TEMP B-TREE FOR ORDER BY"))).toHaveLength(1);
    }
  });
});
