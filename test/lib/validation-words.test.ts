/// <reference types="vite/types/importMeta.d.ts" />
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { problemsOf } from "../../src/http/problems.ts";

/** zod's own wordings of all issues, and what this service says where it knows nothing better. */
const OF_ZOD = /^(Invalid|Unrecognized key|Too (big|small):)|: expected |, received /;
const VAGUE = /see the API reference$/;

describe("what is said of a value that a schema has no words for", () => {
  const say = (schema: z.ZodType, input: unknown) =>
    problemsOf(schema.safeParse(input).error as z.ZodError, "it");

  test.each<[string, z.ZodType, unknown, string]>([
    ["is missing", z.string(), undefined, "is required"],
    ["is missing of some values", z.enum(["a"]), undefined, "is required"],
    ["is of another type", z.object({}), 7, "must be an object"],
    ["is no number", z.number(), Number.NaN, "must be a number"],
    ["is no whole number", z.int(), 1.5, "must be a whole number"],
    ["is no map of names", z.record(z.string(), z.string()), "a", "must be an object"],
    ["is another text", z.literal("a"), "b", "must be a"],
    ["is another value", z.literal(7), 8, "must be 7"],
    ["is none of some", z.enum(["a", "b"]), "c", "must be one of a, b"],
    ["is empty", z.string().min(1), "", "must not be empty"],
    ["has nothing in it", z.array(z.string()).min(1), [], "must not be empty"],
    ["is too short", z.string().min(2), "a", "must be at least 2 characters long"],
    ["is too long", z.string().max(1), "ab", "must be at most 1 character long"],
    ["has another length", z.string().length(2), "a", "must be exactly 2 characters long"],
    ["has too many items", z.array(z.number()).max(1), [1, 2], "must have at most 1 item"],
    ["has too few items", z.array(z.number()).min(2), [1], "must have at least 2 items"],
    ["is too small", z.number().min(1), 0, "must be at least 1"],
    ["is not above something", z.number().positive(), 0, "must be more than 0"],
    ["is too large", z.number().max(1), 2, "must be at most 1"],
    ["is not below something", z.number().lt(1), 1, "must be less than 1"],
    ["is no multiple", z.number().multipleOf(60), 61, "must be a multiple of 60"],
    ["is no address", z.email(), "a", "must be an e-mail address, such as name@example.com"],
    ["begins otherwise", z.string().startsWith("a"), "b", "must begin with a"],
    ["ends otherwise", z.string().endsWith("a"), "b", "must end with a"],
    ["lacks something", z.string().includes("a"), "b", "must contain a"],
    ["has a name that it can't have", z.record(z.enum(["a"]), z.string()), { b: "c" }, "is required"],
  ])("%s", (_, schema, input, words) => {
    expect(say(schema, input)).toContain(words);
    expect(say(schema, input)).not.toMatch(OF_ZOD);
  });

  test("is never a validator's, not of a pattern, a union or a key of a record either", () => {
    for (const [schema, input] of [
      [z.string().regex(/a/), "b"],
      [z.union([z.string(), z.number()]), null],
      [z.record(z.string().max(1), z.string()), { ab: "c" }],
      [z.map(z.string(), z.string()), new Map([["a", 1]])],
      [z.custom(() => false), 1],
    ] as const) {
      expect(say(schema, input)).not.toMatch(OF_ZOD);
    }
  });
});

/** The files with schemas of what callers send. Others are of what is stored, which nobody is told of. */
const OF_REQUESTS = /\/(schema|requests|values|names|idempotency-key)\.ts$/;

const sources = import.meta.glob<string>(
  [
    "/src/{captures,environments,http,identity,lib,metrics,workload}/**/*.ts",
    "!/src/**/replies.ts",
    "!/src/**/stored/**",
  ],
  { query: "?raw", import: "default", eager: true },
);
const modules = import.meta.glob<Record<string, unknown>>([
  "/src/{captures,environments,http,identity,lib,metrics,workload}/**/*.ts",
  "!/src/**/replies.ts",
  "!/src/**/stored/**",
]);
const DECLARES = /^export const (\w*(?:Schema|Query))\b/gm;

async function schemas(): Promise<[string, z.ZodType][]> {
  const found: [string, z.ZodType][] = [];
  for (const [file, source] of Object.entries(sources)) {
    const names = [...source.matchAll(DECLARES)].map(([, name]) => name as string);
    const module = names.length === 0 ? {} : ((await modules[file]?.()) ?? {});
    for (const name of names) {
      const exported = module[name];
      const schema: unknown = typeof exported === "function" && exported.length === 0 ? exported() : exported;
      if (schema instanceof z.ZodType) found.push([`${name} of ${file}`, schema]);
    }
  }
  return found;
}

/** The names of all fields of a schema, at any depth. */
function fieldsOf(schema: z.ZodType): string[] {
  const names = new Set<string>(["other"]);
  const collect = ({ _zod: { def } }: z.core.$ZodType): void => {
    if ("shape" in def) for (const name of Object.keys(def.shape as object)) names.add(name);
    for (const part of Object.values(def).flatMap((value) => [value, ...Object.values(Object(value))]))
      if (part instanceof z.core.$ZodType) collect(part);
  };
  collect(schema);
  return [...names];
}

/** Anything that JSON can hold, in objects with a schema's fields, and lists of texts, as queries have. */
function badInput(fields: string[]): fc.Arbitrary<unknown> {
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      "",
      " ",
      "x",
      "0",
      "-1",
      "1.5",
      "1e9",
      0,
      -1,
      1.5,
      59,
      61,
      1e308,
      [],
      {},
    ),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom("x".repeat(70), "x".repeat(5000), "9".repeat(30), "a\u0000b", "2026-13-45", "a:b", "="),
  );
  const list = fc.array(leaf, { maxLength: 3 });
  const object = fc.dictionary(
    fc.constantFrom(...fields),
    fc.oneof(leaf, list, fc.dictionary(fc.string(), leaf)),
    {
      maxKeys: 12,
    },
  );
  return fc.oneof(
    { weight: 1, arbitrary: leaf },
    { weight: 6, arbitrary: object },
    {
      weight: 2,
      arbitrary: fc.dictionary(fc.constantFrom(...fields), fc.oneof(object, list), { maxKeys: 12 }),
    },
  );
}

test("no schema of a request says anything in a validator's words, whatever it is sent", async () => {
  const all = await schemas();
  expect(all.length).toBeGreaterThan(20);
  const wrong = new Set<string>();
  for (const [name, schema] of all) {
    fc.assert(
      fc.property(badInput(fieldsOf(schema)), (input) => {
        const { error } = schema.safeParse(input);
        for (const { message } of error?.issues ?? []) {
          const isVague = OF_REQUESTS.test(name) && VAGUE.test(message);
          if (OF_ZOD.test(message) || isVague) wrong.add(`${name}: ${message}`);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  }
  expect([...wrong]).toEqual([]);
});
