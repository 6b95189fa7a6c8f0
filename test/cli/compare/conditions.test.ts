import { expect, test } from "vitest";
import { minChangeOf, parseConditions } from "../../../src/cli/compare/conditions.ts";
import { Failure } from "../../../src/cli/failure.ts";

test("conditions are kinds with commas between them, some with a factor", () => {
  expect(parseConditions("new,slower:1.5, rate:2")).toEqual([
    { kind: "new", isAny: false, text: "new" },
    { kind: "slower", factor: 1.5, text: "slower:1.5" },
    { kind: "rate", factor: 2, text: "rate:2" },
  ]);
  expect(parseConditions("gone:any,time,rows,errors")).toEqual([
    { kind: "gone", isAny: true, text: "gone:any" },
    { kind: "time", factor: null, text: "time" },
    { kind: "rows", factor: null, text: "rows" },
    { kind: "errors", factor: null, text: "errors" },
  ]);
});

test.each([
  "",
  "newer",
  "new,",
  "new:2",
  "slower:",
  "slower:1",
  "slower:0.5",
  "slower:-2",
  "slower:1e3",
  "slower:2000",
  "slower:any",
  "slower:2:3",
  "SLOWER",
  "new,new:any",
  "constructor",
])("%j is refused as a mistake of usage", (text) => {
  try {
    parseConditions(text);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).exitCode).toBe(2);
  }
});

test("a factor is what the API calls a least change, without the noise of binary fractions", () => {
  const [slower, rate, fresh] = parseConditions("slower:1.1,rate,new");
  expect([slower, rate, fresh].map((one) => one && minChangeOf(one, 0.3))).toEqual([0.1, 0.3, 0.3]);
});
