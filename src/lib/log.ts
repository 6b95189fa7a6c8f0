import { cut } from "./values.ts";

type Level = "info" | "warn" | "error";

/** What a log line may hold. Callers pass ids, counts and codes; never a body, a header or a credential. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/**
 * The most characters of one field. An error can quote what a caller sent, of any length; Workers Logs takes 256 KB a
 * line.
 */
const MAX_FIELD = 1000;
/** The most characters of a stack, which needs more. */
const MAX_STACK = 4000;

/** Finds the id of the request that is being handled. Set once, by the app. */
let currentRequest: () => string | undefined = () => undefined;

/**
 * Gives every line the id of the request on whose behalf it is written.
 * @param find returns the id of the request that is being handled, undefined outside of one
 */
export function nameRequests(find: () => string | undefined): void {
  currentRequest = find;
}

function write(level: Level, event: string, fields: LogFields): void {
  const line: LogFields = { level, event, requestId: currentRequest(), ...fields };
  // Without lists of names and values: each request writes a line.
  for (const name in fields) {
    const value = fields[name];
    if (typeof value === "string" && value.length > MAX_FIELD)
      line[name] = cut(value, name === "stack" ? MAX_STACK : MAX_FIELD);
  }
  // Workers Logs indexes the fields of a line that is one JSON object.
  console[level](JSON.stringify(line));
}

/**
 * Structured log, one JSON object a line: `event` says what happened, in dotted lower-case words. A line that is written on
 * behalf of a request has its id, wherever it is written; those of Durable Objects and cron have the ids of what they are
 * about.
 */
export const log = {
  info: (event: string, fields: LogFields = {}) => write("info", event, fields),
  warn: (event: string, fields: LogFields = {}) => write("warn", event, fields),
  error: (event: string, fields: LogFields = {}) => write("error", event, fields),
};

/** The name and message of what was thrown, for a log line; the stack where there is one. */
export function describeError(error: unknown): { error: string; stack?: string | undefined } {
  if (error instanceof Error) return { error: `${error.name}: ${error.message}`, stack: error.stack };
  return { error: String(error) };
}
