import type { Schema } from "@cfworker/json-schema";
import fc from "fast-check";
import { type DescribedOperation, description, type operations } from "../support/contract.ts";

/*
 * Requests that fit the API's description, and requests that do not.
 */

type Described = (typeof operations)[number];

/** Who asks, by a name that the test knows. */
export const CALLERS = [
  "session",
  "key",
  "other's key",
  "viewer's",
  "read key",
  "key for one",
  "nobody",
  "wrong key",
  "wrong cookie",
] as const;
export type Caller = (typeof CALLERS)[number];

/** A generated request. */
export interface Generated {
  method: string;
  path: string;
  caller: Caller;
  headers: Record<string, string>;
  body?: string;
}

/** Ids that exist, for requests that succeed. */
export interface KnownIds {
  environments: number[];
  captures: number[];
  schedules: number[];
}

/** Any text that UTF-8 can encode. */
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 10 }).map((any) => any.toWellFormed()),
  fc.constantFrom(
    "",
    " ",
    "0",
    "-1",
    "1e3",
    "null",
    "a\u0000b",
    "'; drop table user; --",
    "../..",
    "%",
    "1".repeat(400),
  ),
);

/** Anything that JSON can hold. */
const anything = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2, stringUnit: "grapheme" }) },
  { weight: 1, arbitrary: fc.constantFrom("x".repeat(5000), 1e308, -1, 0.5, Number.MAX_SAFE_INTEGER + 1) },
);

/** A request of one operation: mostly a good one, with something wrong in it now and then. */
export function requestOf(described: Described, known: KnownIds): fc.Arbitrary<Generated> {
  const { method, operation } = described;
  const parts = {
    path: pathOf(described, known),
    query: queryOf(operation),
    caller: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom<Caller>("session", "key", "viewer's", "read key", "key for one"),
      },
      { weight: 2, arbitrary: fc.constantFrom(...CALLERS) },
    ),
    headers: headersOf(operation),
    body: bodyOf(operation, known),
    type: fc.oneof(
      { weight: 9, arbitrary: fc.constant("application/json") },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          "text/plain",
          "application/x-www-form-urlencoded",
          "application/json; charset=utf-8",
          "",
        ),
      },
    ),
  };
  return fc.record(parts).map(({ path, query, caller, headers, body, type }) => ({
    method,
    path: path + query,
    caller,
    ...(method === "GET" || body === undefined
      ? { headers }
      : { headers: type === "" ? headers : { ...headers, "content-type": type }, body }),
  }));
}

/** Headers that the operation reads: some valid, some not; only text that a header can have. */
function headersOf({ parameters = [] }: DescribedOperation): fc.Arbitrary<Record<string, string>> {
  const values = parameters
    .filter((parameter) => parameter.in === "header")
    .map(({ name, schema }) => {
      const value = fc.oneof(
        { weight: 3, arbitrary: textOf(schema) },
        {
          weight: 1,
          arbitrary: fc.constantFrom("", "*", '"', "W/", "no such", "é", "1".repeat(400), '"1.1.NaN"'),
        },
      );
      return value.map((text) => [name, text] as const);
    });
  return fc
    .tuple(...values)
    .chain((all) => fc.subarray(all))
    .map((some) => Object.fromEntries(some));
}

function pathOf({ path }: Described, { environments, captures, schedules }: KnownIds): fc.Arbitrary<string> {
  const ids = path.startsWith("/api/captures")
    ? captures
    : path.startsWith("/api/schedules")
      ? schedules
      : environments;
  const id = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...ids).map(String) },
    { weight: 1, arbitrary: fc.integer({ min: 1 }).map(String) },
    { weight: 1, arbitrary: text.map(encodeURIComponent) },
  );
  const other = text.map(encodeURIComponent);
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  return fc
    .tuple(...names.map((name) => (name === "id" ? id : other)))
    .map((values) =>
      names.reduce((filled, name, i) => filled.replace(`{${name}}`, values[i] as string), path),
    );
}

function queryOf({ parameters = [] }: DescribedOperation): fc.Arbitrary<string> {
  const pairs = parameters
    .filter((parameter) => parameter.in === "query")
    .map(({ name, required, schema }) => {
      const value = fc.oneof(
        // Who waits is answered a minute later, if at all: no time for that here.
        { weight: 3, arbitrary: ofSchema(name === "wait" ? { ...schema, maximum: 0 } : schema).map(asText) },
        { weight: 1, arbitrary: text },
      );
      const values = fc.array(value, {
        minLength: required ? 1 : 0,
        maxLength: schema.type === "array" ? 3 : 2,
      });
      return values.map((all) => all.map((one) => [name, one] as const));
    });
  const unknown = fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: text.map((name) => [[name, "x"] as const]) },
  );
  return fc.tuple(...pairs, unknown).map((all) => {
    const query = new URLSearchParams(all.flat().map(([name, value]) => [name, value])).toString();
    return query === "" ? "" : `?${query}`;
  });
}

const asText = (value: unknown): string => (typeof value === "string" ? value : String(value));

/** A body: valid, nearly valid, or anything; sometimes not JSON at all. */
function bodyOf({ requestBody }: DescribedOperation, known: KnownIds): fc.Arbitrary<string | undefined> {
  const schema = requestBody?.content["application/json"]?.schema;
  if (schema === undefined) {
    return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.json() });
  }
  const good = ofSchema(schema).map((body) => pointed(body, known));
  return fc.oneof(
    { weight: 5, arbitrary: good.map((body) => JSON.stringify(body)) },
    { weight: 5, arbitrary: good.chain(spoilt).map((body) => JSON.stringify(body)) },
    { weight: 1, arbitrary: anything.map((body) => JSON.stringify(body)) },
    { weight: 1, arbitrary: fc.oneof(text, fc.constantFrom("{", "[1,", "x".repeat(70_000), "\ufeff{}")) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** A body with the id of an environment that exists. */
function pointed(body: unknown, { environments }: KnownIds): unknown {
  const [envId] = environments;
  return typeof body === "object" && body !== null && "envId" in body ? { ...body, envId } : body;
}

/** A good body with something wrong: a field of another type, a field too few or too many. */
function spoilt(body: unknown): fc.Arbitrary<unknown> {
  if (typeof body !== "object" || body === null) return anything;
  const keys = Object.keys(body);
  const name = keys.length === 0 ? fc.constant("x") : fc.constantFrom(...keys);
  return fc.oneof(
    fc.tuple(name, anything).map(([key, value]) => ({ ...body, [key]: value })),
    name.map((key) => ({ ...body, [key]: undefined })),
    fc.tuple(text, anything).map(([key, value]) => ({ ...body, [key]: value })),
  );
}

/** A value that a schema describes. */
function ofSchema(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return ofSchema(named(schema.$ref));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const alternatives: Schema[] | undefined = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return fc.oneof(...alternatives.map(ofSchema));
  const types = [schema.type ?? "string"].flat();
  return fc.oneof(...types.map((type) => ofType({ ...schema, type })));
}

function ofType(schema: Schema): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer": {
      const { minimum = 0, maximum = 2 ** 31, multipleOf = 1 } = schema;
      return fc
        .integer({ min: minimum / multipleOf, max: Math.min(maximum, 2 ** 31) / multipleOf })
        .map((n) => n * multipleOf);
    }
    case "array":
      return fc.array(ofSchema(schema.items as Schema), { maxLength: 3 });
    case "object":
      return objectOf(schema);
    default:
      return textOf(schema);
  }
}

function objectOf({
  properties = {},
  required = [],
  propertyNames,
  additionalProperties,
}: Schema): fc.Arbitrary<unknown> {
  if (typeof propertyNames === "object" && typeof additionalProperties === "object")
    return fc.dictionary(textOf(propertyNames), ofSchema(additionalProperties), { maxKeys: 4 });
  const values = Object.entries(properties).map(
    ([name, schema]) => [name, ofSchema(schema as Schema)] as const,
  );
  return fc.record(Object.fromEntries(values), { requiredKeys: required as never[] });
}

function textOf({ pattern, format, examples, minLength = 0, maxLength = 60 }: Schema): fc.Arbitrary<string> {
  if (format === "email") return fc.emailAddress();
  const moments = fc.date({ min: new Date("2020-01-01"), max: new Date("2030-01-01"), noInvalidDate: true });
  if (Array.isArray(examples) && /^\d{4}-/.test(String(examples[0])))
    return moments.map((date) => date.toISOString());
  if (pattern?.startsWith("^")) return fc.stringMatching(new RegExp(pattern));
  return fc.string({
    unit: "grapheme",
    minLength: Math.max(1, minLength),
    maxLength: Math.min(60, maxLength),
  });
}

function named($ref: string): Schema {
  const schema = description.components.schemas[$ref.replace("#/components/schemas/", "")];
  if (schema === undefined) throw new Error(`There is no ${$ref}`);
  return schema;
}
