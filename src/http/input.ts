import type * as z from "zod";
import { callerStatement } from "../db/caller.ts";
import { idSchema } from "../lib/values.ts";
import { unknownCaller } from "./authentication.ts";
import type { AppContext } from "./context.ts";
import { problemsOf } from "./problems.ts";
import { ApiError, notParsed, refuse } from "./refusals.ts";

/* What a request says in its path, query, headers and body, each read through a schema. */

/**
 * The id in the request's path.
 * @throws ApiError 400 when it is not one.
 */
export function readId(c: AppContext, name = "id"): Promise<number> {
  return validate(c, idSchema(), c.req.param(name), name);
}

/**
 * Another part of the request's path, through a schema.
 * @throws ApiError 400 that says what is wrong with it.
 */
export function readParam<S extends z.ZodType>(c: AppContext, name: string, schema: S): Promise<z.output<S>> {
  return validate(c, schema, c.req.param(name), name);
}

/**
 * The request's query, through a schema whose values are arrays of strings: `?type=a&type=b` is `{ type: ["a", "b"] }`.
 * @param ignored a parameter that may be there and says nothing
 * @throws ApiError 400 that says which parameter is wrong.
 */
export function readQuery<S extends z.ZodType>(
  c: AppContext,
  schema: S,
  ignored?: string,
): Promise<z.output<S>> {
  const query = c.req.queries();
  if (ignored !== undefined) delete query[ignored];
  return validate(c, schema, query);
}

/**
 * A header of the request, through a schema; null when it is not there.
 * @throws ApiError 400 that says what is wrong with it.
 */
export async function readHeader<S extends z.ZodType>(
  c: AppContext,
  name: string,
  schema: S,
): Promise<z.output<S> | null> {
  const value = c.req.header(name);
  return value === undefined ? null : validate(c, schema, value, name);
}

/**
 * The request's JSON body, through a schema.
 * @throws ApiError 400 that says which field is wrong, or where the JSON is malformed; 415 when it does not say it is JSON.
 */
export async function readBody<S extends z.ZodType>(c: AppContext, schema: S): Promise<z.output<S>> {
  try {
    return await readAnybodysBody(c, schema);
  } catch (error) {
    if (error instanceof ApiError) return refuseInput(c, error);
    throw error;
  }
}

/**
 * The same, for a request that nobody has to be signed in for.
 * @throws ApiError as `readBody` does
 */
export async function readAnybodysBody<S extends z.ZodType>(c: AppContext, schema: S): Promise<z.output<S>> {
  requireJson(c);
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // V8 quotes what is around the mistake, which can be a part of a secret.
    throw notParsed(error.message.replace(/, (\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s, ""));
  }
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new ApiError(400, problemsOf(result.error));
}

/**
 * The request's JSON body, through a schema, where it may have none, which is as an empty object. Over HTTP a request without a body
 * has an empty one, with or without a type.
 * @throws ApiError as `readAnybodysBody` does
 */
export async function readOptionalBody<S extends z.ZodType>(c: AppContext, schema: S): Promise<z.output<S>> {
  return (await c.req.text()) === "" ? schema.parse({}) : readAnybodysBody(c, schema);
}

/**
 * Forms of other sites can't send this type, which keeps them from writing with the caller's cookie.
 * @throws ApiError 415 when the request does not say that its body is JSON
 */
function requireJson(c: AppContext): void {
  if (/^application\/(.+\+)?json *(;|$)/i.test(c.req.header("content-type") ?? "")) return;
  throw refuse.notJson();
}

async function validate<S extends z.ZodType>(
  c: AppContext,
  schema: S,
  input: unknown,
  name?: string,
): Promise<z.output<S>> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  return refuseInput(c, new ApiError(400, problemsOf(result.error, name)));
}

const CALLER = callerStatement("select id from caller");

/**
 * Refuses a request for what it sent. Who sent it would have been asked by the statement that this request now never
 * reaches, so it is asked here: someone who is not signed in gets 401, not what is wrong with the request.
 */
export async function refuseInput(c: AppContext, refusal: ApiError): Promise<never> {
  const caller = await CALLER(c.get("db"), c.get("credential"), Date.now()).first();
  throw caller === null ? unknownCaller() : refusal;
}
