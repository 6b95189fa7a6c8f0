import { describe, expect, it } from "vitest";
import type { WorkloadDigest } from "../../src/console/api/types.ts";
import { matching, readStatementFilter } from "../../src/console/lib/statement-filter.ts";

const of = (digest: string, reads: string[], writes: string[] = []) =>
  ({ digest, tables: { reads, writes } }) as unknown as WorkloadDigest;

describe("statements that are looked for", () => {
  const statements = [
    of("SELECT * FROM orders", ["orders"]),
    of("SELECT * FROM shop.Orders", ["shop.Orders"]),
    of("INSERT INTO orders SELECT * FROM carts", ["carts"], ["orders"]),
    of("SELECT * FROM reorders", ["reorders"]),
  ];
  const found = (search: string) =>
    matching(statements, readStatementFilter(new URLSearchParams(search))).map((one) =>
      statements.indexOf(one),
    );

  it("are found by a table that they read or write, in any case, with its schema and without", () => {
    expect(found("table=ORDERS")).toEqual([0, 1, 2]);
    expect(found("table=shop.orders")).toEqual([0, 1, 2]);
    expect(found("table=carts")).toEqual([2]);
    expect(found("table=order")).toEqual([]);
  });

  it("are found by their text, in any case, and by both", () => {
    expect(found("contains=insert+INTO")).toEqual([2]);
    expect(found("contains=carts&table=orders")).toEqual([2]);
    expect(found("contains=reorders&table=orders")).toEqual([]);
  });

  it("are all where nothing is asked for", () => {
    expect(found("table=+&sort=calls")).toEqual([0, 1, 2, 3]);
  });
});
