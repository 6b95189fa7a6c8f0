import type * as z from "zod";
import { refuseCapture } from "../captures/refusals.ts";
import { refuseEnvironment } from "../environments/refusals.ts";
import { idempotencyKeySchema } from "../http/idempotency-key.ts";
import { COSTLY, type Limit, PERIOD_SECONDS, REQUESTS, WRITES } from "../http/limits.ts";
import { problemsOf } from "../http/problems.ts";
import { type ApiError, notParsed, refuse, tooManyRequests } from "../http/refusals.ts";
import { refuseLink } from "../identity/links/refusals.ts";
import { refuseIdentity } from "../identity/refusals.ts";
import { idSchema } from "../lib/values.ts";
import { refuseMetrics } from "../metrics/refusals.ts";
import { refuseSchedule } from "../schedules/refusals.ts";
import { refuseWebhook } from "../webhooks/refusals.ts";
import { refuseWorkload } from "../workload/refusals.ts";
import { COSTLY_POLICY, EXHAUSTED, REQUEST_POLICY, RETRY_AFTER, WRITE_POLICY } from "./header-fields.ts";
import type { Header, Refusal } from "./operation.ts";

/* What operations refuse, in the words of the code that refuses. */

/** A refusal with fixed words. */
export const says = (name: string, status: number, message: string): Refusal => ({ name, status, message });

/** A refusal whose words vary: an example, and the pattern that all of them match. */
export const saysLike = (name: string, status: number, message: string, pattern: string): Refusal => ({
  name,
  status,
  message,
  pattern,
});

/** A refusal for now, a 503 that says when to try again; its words vary. */
export const saysForNow = (name: string, message: string, pattern: string): Refusal => ({
  ...saysLike(name, 503, message, pattern),
  headers: RETRY_AFTER,
});

/** The refusals with fixed words of all rooms. */
const FIXED = {
  ...refuse,
  ...refuseIdentity,
  ...refuseLink,
  ...refuseEnvironment,
  ...refuseWebhook,
  ...refuseWorkload,
  ...refuseMetrics,
  ...refuseCapture,
  ...refuseSchedule,
};

/** A refusal with fixed words, by its name in the code. */
export const refusal = (name: keyof typeof FIXED): Refusal => refusalOf(name, FIXED[name]());
/** Several of them. */
export const refusals = (...names: (keyof typeof FIXED)[]): Refusal[] => names.map(refusal);

/** Stands for any whole number in the refusal that `varies` makes a pattern of. */
export const ANY_NUMBER = 987_654_321;
/** Stands for any text, on one line, in the refusal that `varies` makes a pattern of. */
export const ANY_TEXT = "\uFFFF";

/**
 * A refusal whose words vary.
 * @param example one of them
 * @param any the same with `ANY_NUMBER` and `ANY_TEXT` for what varies: the pattern that all of them match
 */
export function varies(name: string, example: ApiError, ...any: ApiError[]): Refusal {
  const patterns = any.map(({ message }) =>
    message
      .replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
      .replaceAll(String(ANY_NUMBER), "\\d+")
      .replaceAll(ANY_TEXT, ".+"),
  );
  return { ...refusalOf(name, example), pattern: patterns.join("|") };
}

/** A refusal as the API makes it. */
export function refusalOf(name: string, { status, message, headers }: ApiError): Refusal {
  const described = Object.entries(headers).map(([header, value]): [string, Header] => [
    header,
    header === "Retry-After"
      ? RETRY_AFTER[header]
      : {
          description: HEADERS[header] ?? "",
          schema: { type: "string", const: value },
          required: true,
          example: value,
        },
  ]);
  return { name, status, message, ...(described.length > 0 && { headers: Object.fromEntries(described) }) };
}

/** What the headers of refusals say. */
const HEADERS: Record<string, string> = {
  "WWW-Authenticate": "How to show who is calling (RFC 9110, section 11.6.1).",
};

/** A fault of the service, which every operation can have. */
export const FAULT = refusal("fault");
/** The same, and the transient fault of an operation that uses the database. */
export const FAULTS = [FAULT, refusal("unavailable")];

/** A body of more than 64 KiB, which is refused wherever one is sent. */
export const TOO_LARGE = refusal("tooLarge");

/** A body that does not say it is JSON. */
export const NOT_JSON_TYPE = refusal("notJson");

/** More of something in a minute than a limiter lets through. @param example how many that may be */
export const overLimit = (
  name: string,
  { counted }: Limit,
  example: number,
  policy: Record<string, Header>,
): Refusal => ({
  ...varies(
    name,
    tooManyRequests(example, counted, PERIOD_SECONDS),
    tooManyRequests(ANY_NUMBER, counted, PERIOD_SECONDS),
  ),
  headers: { ...EXHAUSTED, ...policy },
});

/** More changes of one caller in a minute than are let through. */
export const TOO_MANY_CHANGES = overLimit("tooManyChanges", WRITES, 120, WRITE_POLICY);
/** More requests of one user. */
export const TOO_MANY_REQUESTS = overLimit("tooManyRequests", REQUESTS, 1200, REQUEST_POLICY);
/** More of those that cost money or much CPU. */
export const TOO_MANY_COSTLY = overLimit("tooManyCostly", COSTLY, 120, COSTLY_POLICY);

/** The refusals of every operation that needs a caller. */
export const OF_CALLERS = [...refusals("loginRequired", "keyNotKnown"), TOO_MANY_REQUESTS, ...FAULTS];
/** The refusals of every operation that changes something. */
export const OF_WRITERS = [
  ...refusals("loginRequired", "keyNotKnown", "keyMayNotWrite", "otherOrigin"),
  TOO_LARGE,
  TOO_MANY_CHANGES,
  TOO_MANY_REQUESTS,
  ...FAULTS,
];
/** The refusals of every operation that changes something which is of no one environment. */
export const OF_ACCOUNT_WRITERS = [...OF_WRITERS, ...refusals("keyOfOneEnvironment")];
/** The refusals of a body that is not JSON. */
export const OF_BODIES = [
  NOT_JSON_TYPE,
  varies("malformed", notParsed("Unexpected end of JSON input"), notParsed(ANY_TEXT)),
];
/** The refusals of every operation that needs a session. */
export const OF_SESSIONS = [...refusals("loginRequired", "sessionRequired"), TOO_MANY_REQUESTS];
/** The refusals of every operation that needs a session and changes something. */
export const OF_SESSION_CHANGES = [
  ...OF_SESSIONS,
  ...refusals("otherOrigin"),
  TOO_MANY_CHANGES,
  TOO_LARGE,
  ...FAULTS,
];
/** The same of those that have a body. */
export const OF_SESSION_WRITERS = [...OF_SESSION_CHANGES, ...OF_BODIES];
/** The refusals of an Idempotency-Key. */
export const OF_KEYS = [
  says("badKey", 400, problemIn(idempotencyKeySchema(), "", "Idempotency-Key")),
  ...refusals("keyReused"),
];

/**
 * The refusal of invalid fields or parameters: any number of them, each with its problem. An unknown field has the name that the
 * request gives it.
 * @param message of the example, such as `name: is required`
 */
export const invalid = (message: string, name = "invalid"): Refusal =>
  saysLike(name, 400, message, "[\\s\\S]*: [\\s\\S]+");

/** The same, with the words of a schema for an input that it refuses. */
export const invalidFor = (schema: z.ZodType, input: unknown): Refusal => invalid(problemIn(schema, input));

/** What is said of an input that a schema refuses. */
function problemIn(schema: z.ZodType, input: unknown, name?: string): string {
  const { error } = schema.safeParse(input);
  if (error === undefined) throw new Error(`${JSON.stringify(input)} is no example of what is refused`);
  return problemsOf(error, name);
}

/** The refusal of a value in a path, with the words of its schema. */
export const badFor = (name: string, schema: z.ZodType, input: unknown, parameter: string): Refusal => ({
  name,
  status: 400,
  message: problemIn(schema, input, parameter),
});

const idProblem = (id: string): string => problemIn(idSchema(), id, "id");

/** The refusal of an id in a path. */
export const BAD_ID = saysLike(
  "badId",
  400,
  idProblem("one"),
  `${idProblem("one")}|${idProblem("9".repeat(20))}`,
);
