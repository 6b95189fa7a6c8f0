import { describe, expect, it } from "vitest";
import { isFiltered, readOn, recordsQuery } from "../../src/console/lib/record-filter.ts";

describe("the records that the address asks for", () => {
  it("are asked for under the API's names, without what the address does not say", () => {
    const query = new URLSearchParams(
      "user=app&contains=+a%25b+&table=&tag=action:pay&sort=calls&cursor=abc",
    );
    expect(recordsQuery(query)).toEqual({ user: "app", contains: "a%b", tag: ["action:pay"], cursor: "abc" });
  });

  it("are all where only their time and order are said", () => {
    expect(isFiltered(new URLSearchParams("from=2026-11-23T10:00:00Z&order=newest&log=slow"))).toBe(false);
    expect(isFiltered(new URLSearchParams("errors=true"))).toBe(true);
  });
});

describe("reading on", () => {
  const pages = [[1], [], [2, 3], [4], [5]];
  const read =
    (asked: [limit: number, cursor: string | undefined][]) => async (limit: number, cursor?: string) => {
      asked.push([limit, cursor]);
      const at = Number(cursor ?? 0);
      const next = at + 1 < pages.length ? String(at + 1) : null;
      return { records: pages[at] as number[], next };
    };

  it("goes on until there are enough, each time for what is missing", async () => {
    const asked: [number, string | undefined][] = [];
    const found = await readOn(3, undefined, read(asked));
    expect(asked).toEqual([
      [3, undefined],
      [2, "1"],
      [2, "2"],
    ]);
    expect(found).toMatchObject({ records: [1, 2, 3], next: "3" });
    expect(found.pages).toHaveLength(3);
  });

  it("begins at a cursor, and ends where there are no more", async () => {
    expect(await readOn(10, "3", read([]))).toMatchObject({ records: [4, 5], next: null });
  });

  it("gives up after some requests, and says where to go on", async () => {
    let asked = 0;
    const found = await readOn(5, undefined, async () => ({ records: [], next: String(++asked) }));
    expect(found).toMatchObject({ records: [], next: "10" });
  });
});
