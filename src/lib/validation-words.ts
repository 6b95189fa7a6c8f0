import * as z from "zod";

/*
 * What is said of a value that a schema refuses, where the schema has no words of its own for it. zod's own words ("Too small:
 * expected string to have >=1 characters") are a validator's: importing this file replaces them by the API's, for all schemas of
 * the Worker. Each begins with a verb and follows the name of a field: `name: must not be empty`.
 */

const TYPES: Record<string, string> = {
  int: "a whole number",
  record: "an object",
  map: "an object",
  set: "an array",
  tuple: "an array",
  nan: "a number",
};

const FORMATS: Record<string, string> = {
  email: "an e-mail address, such as name@example.com",
  url: "an address, such as https://example.com",
  datetime: 'a time such as "2026-05-19T22:06:53Z"',
  date: 'a day such as "2026-05-19"',
  time: 'a time of day such as "22:06:53"',
  uuid: "a UUID",
  json_string: "valid JSON",
};

/** A type with its article: `an object`, `a string`. */
function typeName(expected: string): string {
  return TYPES[expected] ?? `${/^[aeio]/.test(expected) ? "an" : "a"} ${expected}`;
}

const UNITS: Record<string, string> = { array: "item", set: "item", map: "entry", file: "byte" };

/** A bound that a zod issue names, which is of a length, a number of items, or of the value itself. */
interface Bound {
  origin: string;
  limit: number | bigint;
  /** Such as `at least`. */
  relation: string;
}

function boundWords({ origin, limit, relation }: Bound): string {
  const end = Number(limit) === 1 ? "" : "s";
  if (origin === "string") return `must be ${relation} ${limit} character${end} long`;
  const unit = UNITS[origin];
  return unit === undefined ? `must be ${relation} ${limit}` : `must have ${relation} ${limit} ${unit}${end}`;
}

/**
 * What is said of an issue for which its schema has no words.
 * @param issue as zod raises it, with the input
 */
export function wordsOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is required";
      return `must be ${typeName(String(issue.expected))}`;
    case "invalid_value": {
      if (issue.input === undefined) return "is required";
      const values = (issue.values as z.core.util.Primitive[]).map((value) =>
        typeof value === "string" ? value : JSON.stringify(value),
      );
      return values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(", ")}`;
    }
    case "too_big": {
      const relation = issue.exact ? "exactly" : issue.inclusive === false ? "less than" : "at most";
      return boundWords({ origin: issue.origin, limit: issue.maximum as number, relation });
    }
    case "too_small": {
      const relation = issue.exact ? "exactly" : issue.inclusive === false ? "more than" : "at least";
      const { origin } = issue;
      if (issue.minimum === 1 && relation === "at least" && (origin === "string" || origin in UNITS)) {
        return "must not be empty";
      }
      return boundWords({ origin, limit: issue.minimum as number, relation });
    }
    case "invalid_format":
      return formatWords(issue as unknown as Parameters<typeof formatWords>[0]);
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `has fields that are not known here: ${(issue.keys as string[]).join(", ")}`;
    case "invalid_key":
      return "has a name in it that is not possible here";
    default:
      return "is not what is expected here: see the API reference";
  }
}

function formatWords(issue: { format: string; prefix?: string; suffix?: string; includes?: string }): string {
  const { format, prefix, suffix, includes } = issue;
  switch (format) {
    case "starts_with":
      return `must begin with ${prefix}`;
    case "ends_with":
      return `must end with ${suffix}`;
    case "includes":
      return `must contain ${includes}`;
    default:
      return FORMATS[format] === undefined
        ? "is not written as it is expected here: see the API reference"
        : `must be ${FORMATS[format]}`;
  }
}

z.config({ customError: wordsOf });
