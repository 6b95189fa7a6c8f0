import { expect, test } from "vitest";
import { readStatementFilter } from "../../src/console/lib/statement-filter.ts";

test("statements are looked for by what the address says, under the API's names", () => {
  const read = (search: string) => readStatementFilter(new URLSearchParams(search));
  expect(read("table=+shop.orders+&contains=&tag=action:pay&sort=calls&from=2026-11-23T10:00:00Z")).toEqual({
    table: "shop.orders",
    tag: ["action:pay"],
  });
  expect(read("sort=calls")).toEqual({});
});
