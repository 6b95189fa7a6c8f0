import { expect, test } from "vitest";
import { inStartOrder } from "../../../src/cli/replay/start-order.ts";
import { spreadOverSeconds } from "../../../src/cli/replay/whole-seconds.ts";
import type { StoredWorkloadRecord } from "../../../src/client/index.ts";
import { general, slow } from "./records.ts";

async function* batches(records: StoredWorkloadRecord[], size = 2) {
  for (let at = 0; at < records.length; at += size) yield records.slice(at, at + size);
}

const START = Date.UTC(2026, 10, 28, 10) * 1000;
const order = async (records: StoredWorkloadRecord[]) =>
  (await Array.fromAsync(inStartOrder(batches(records))))
    .flat()
    .map(({ record, at }) => `${at - START} ${record.statement}`);

test("the general log is in order", async () => {
  expect(
    await order([
      general(5, 1, "Query", "a"),
      general(5, 2, "Query", "b"),
      general(1_000_007, 1, "Query", "c"),
    ]),
  ).toEqual(["5 a", "5 b", "1000007 c"]);
});

test("the slow log is put into the order in which statements began", async () => {
  const records = [
    slow(3_000_000, 1, 10, "short"),
    slow(5_000_000, 2, 4_000_000, "long"),
    slow(5_000_001, 3, 1, "last"),
    slow(5_500_000, 4, 5_500_000, "first"),
  ];
  expect(await order(records)).toEqual(["0 first", "1000000 long", "2999990 short", "5000000 last"]);
});

test("a session's statements stay in their order, whatever their times say", async () => {
  const records = [
    slow(3_000_000, 1, 10, "a"),
    slow(2_000_000, 1, 10, "b (its clock was set)"),
    slow(3_000_000, 1, 10, "c"),
  ];
  expect((await order(records)).map((line) => line.split(" ")[1])).toEqual(["a", "b", "c"]);
});

test("a record waits for a minute of the log for those that began before it, no longer", async () => {
  const records = [
    slow(1_000_000, 1, 0, "a"),
    ...Array.from({ length: 10 }, (_, i) => slow(2_000_000 + i * 10_000_000, 2, 0, `b${i}`)),
    slow(93_000_000, 3, 92_500_000, "too long"),
  ];
  const all = await order(records);
  expect(all[0]).toBe("1000000 a");
  expect(all.indexOf("500000 too long")).toBeGreaterThan(0);
  expect(all).toHaveLength(12);
});

test("many records of one moment are all given, in order", async () => {
  const records = Array.from({ length: 25_000 }, (_, i) => slow(1_000_000, i, 0, String(i)));
  expect((await order(records)).map((line) => Number(line.split(" ")[1]))).toEqual(records.map((_, i) => i));
});

test("records of whole seconds are spread over them; others stay where they are", async () => {
  const records = [
    general(0, 1, "Query", "a"),
    general(0, 2, "Query", "b"),
    general(0, 1, "Query", "c"),
    general(0, 1, "Query", "d"),
    general(1_000_000, 1, "Query", "e"),
    general(2_000_001, 1, "Query", "f"),
    general(3_000_000, 1, "Query", "g"),
    general(3_000_000, 1, "Query", "h"),
  ];
  const spread = (await Array.fromAsync(spreadOverSeconds(inStartOrder(batches(records, 3))))).flat();
  expect(spread.map(({ record, at }) => `${at - START} ${record.statement}`)).toEqual([
    "0 a",
    "250000 b",
    "500000 c",
    "750000 d",
    "1000000 e",
    "2000001 f",
    "3000000 g",
    "3500000 h",
  ]);
});
