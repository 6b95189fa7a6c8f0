import { type Schema, Validator } from "@cfworker/json-schema";
import json from "../../src/openapi/openapi.json";
import { type Described, operationsOf } from "../contract/operations.ts";
import { noteProvoked } from "./provoked.ts";

/*
 * Checks every reply of the tests against the API's description: an operation answers with no status, header, body or message
 * that is not described. Which of the described replies the tests have provoked is collected for the whole run
 * (test/contract/collector.ts).
 */

interface Content {
  schema: Schema;
  examples?: Record<string, { value: { message: string }; "x-pattern"?: string }>;
}

interface Header {
  $ref?: string;
  required?: boolean;
  schema: Schema;
}

interface DescribedReply {
  headers?: Record<string, Header>;
  content?: Record<string, Content>;
}

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  schema: Schema;
  example?: unknown;
}

/** An operation as the document describes it. */
export interface DescribedOperation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema; examples: Record<string, { value: unknown }> }> };
  security: Record<string, unknown>[];
  responses: Record<string, DescribedReply>;
}

interface Description extends Schema, Described<DescribedOperation> {
  components: {
    schemas: Record<string, Schema>;
    headers: Record<string, Header>;
    parameters: Record<string, Parameter>;
    responses: Record<string, DescribedReply>;
  };
}

/** The API's description. */
export const description = json as unknown as Description;

/** Every operation, with where it is. */
export const operations = operationsOf(description).map(({ operation, ...place }) => ({
  ...place,
  operation: { ...operation, parameters: (operation.parameters ?? []).map(resolved) },
}));

/** A parameter, or the one that many operations have. */
function resolved(parameter: Parameter | { $ref: string }): Parameter {
  if (!("$ref" in parameter)) return parameter;
  return description.components.parameters[nameIn(parameter.$ref)] as Parameter;
}

const routes = operations.map(({ path, method, operation }) => ({
  method,
  path,
  operation,
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`),
}));

/** A path as the API's router reads it; as it is where it can't be decoded. */
function decoded(pathname: string): string {
  try {
    return decodeURI(pathname);
  } catch {
    return pathname;
  }
}

/** The described operation that a request asks for, if there is one; HEAD is GET. */
function routeOf({ method, url }: Request): (typeof routes)[number] | undefined {
  const pathname = decoded(new URL(url).pathname);
  const asked = method === "HEAD" ? "GET" : method;
  return routes.find((known) => known.method === asked && known.pattern.test(pathname));
}

/** The method and path that a request's operation has in the description; of one that is not described, its own. */
export function operationOf(asked: Request): string {
  const { method, path } = routeOf(asked) ?? { method: asked.method, path: new URL(asked.url).pathname };
  return `${method} ${path}`;
}

/** The name of what a reference points to. */
function nameIn($ref: string): string {
  return $ref.replace(/.*\//, "");
}

/** The statuses for a path or a method that is not described, as the description's introduction says; 204 to a preflight. */
const ELSEWHERE = [204, 401, 404, 405, 413, 500];

/** Made when they are first needed: a test file needs a few of them. */
const validators = new WeakMap<Schema, Validator>();

function validatorOf(schema: Schema): Validator {
  const { schemas } = description.components;
  const validator =
    validators.get(schema) ?? new Validator({ ...schema, components: { schemas } }, "2020-12");
  validators.set(schema, validator);
  return validator;
}

/**
 * Checks a reply.
 * @param body the value of its JSON; undefined for what is not JSON
 * @throws Error saying which operation answered what that it should not
 */
export function checkReply(asked: Request, reply: Response, body: unknown): void {
  const route = routeOf(asked);
  if (route === undefined) {
    if (!ELSEWHERE.includes(reply.status)) {
      throw new Error(`${operationOf(asked)} is not described and answered ${reply.status}`);
    }
    return;
  }
  const { operation } = route;
  const said = `${operation.operationId} answered ${reply.status}`;
  const described = operation.responses[reply.status];
  if (described === undefined) throw new Error(`${said}, which is not described: ${JSON.stringify(body)}`);
  checkHeaders(said, described, reply.headers);
  const type = reply.headers.get("content-type")?.replace(/;.*/, "") ?? "";
  const content = described.content?.[type];
  if (described.content === undefined) {
    if (body !== undefined) throw new Error(`${said} with a body, which is not described`);
  } else if (content === undefined) {
    throw new Error(`${said} with ${type || "no content type"}, which is not described`);
  }
  let example: string | undefined;
  if (content !== undefined && asked.method !== "HEAD") {
    if (type === "application/json") checkValue(said, body, content.schema);
    if (content.examples) example = exampleOf(said, content.examples, (body as { message: string }).message);
  }
  noteProvoked([operation.operationId, reply.status, example].filter((part) => part !== undefined).join(" "));
}

/** Whether a reply's body is JSON. */
export const isJson = (reply: Response): boolean =>
  reply.headers.get("content-type")?.startsWith("application/json") ?? false;

/** As `checkReply`, for a reply that is still to be read. */
export async function checkUnread(asked: Request, reply: Response): Promise<void> {
  checkReply(asked, reply, isJson(reply) && asked.method !== "HEAD" ? await reply.clone().json() : undefined);
}

function checkHeaders(said: string, { headers = {} }: DescribedReply, actual: Headers): void {
  for (const [name, header] of Object.entries(headers)) {
    const { required = false, schema } =
      header.$ref === undefined ? header : (description.components.headers[nameIn(header.$ref)] as Header);
    const value = actual.get(name);
    if (value !== null)
      checkValue(`${said}, ${name}`, schema.type === "integer" ? Number(value) : value, schema);
    else if (required) throw new Error(`${said} without ${name}`);
  }
}

function checkValue(said: string, value: unknown, schema: Schema): void {
  const { valid, errors } = validatorOf(schema).validate(value);
  if (valid) return;
  const problems = errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`).join("; ");
  throw new Error(
    `${said} with something else than is described: ${problems}: ${JSON.stringify(value).slice(0, 1000)}`,
  );
}

/** The name of the example that a refusal matches: the one with its words, or the longest pattern. */
function exampleOf(said: string, examples: NonNullable<Content["examples"]>, message: string): string {
  const all = Object.entries(examples);
  const same = all.find(
    ([, example]) => example["x-pattern"] === undefined && example.value.message === message,
  );
  const alike = all
    .filter(([, { "x-pattern": pattern }]) => pattern !== undefined && new RegExp(pattern).test(message))
    .sort(([, a], [, b]) => (b["x-pattern"] ?? "").length - (a["x-pattern"] ?? "").length);
  const found = same ?? alike[0];
  if (found === undefined) throw new Error(`${said} with a message that is not described: ${message}`);
  return found[0];
}
