import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { type DurableObject, env, exports } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { app } from "../../src/app.ts";
import type { Capture } from "../../src/captures/replies.ts";
import type { Env } from "../../src/env.ts";
import type { Environment, ExternalId, FullEnvironment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import type { RoleOptions } from "../local-aws/test/control-shapes.ts";
import { checkReply, isJson } from "./contract.ts";

const ORIGIN = "http://captures.test";

/** A reply, its body read as JSON. */
export interface Reply<T = unknown> {
  status: number;
  headers: Headers;
  body: T;
}

/** Options of a request: a value for `json` becomes the body. */
export interface RequestOptions {
  json?: unknown;
  body?: BodyInit;
  headers?: Record<string, string>;
}

/** Sends a request to the Worker, as itself, and reads the JSON that it answers; other bodies as text. */
export async function request<T = unknown>(
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Reply<T>> {
  const asked = makeRequest(method, path, options);
  return readReply(asked, await exports.default.fetch(asked));
}

function makeRequest(method: string, path: string, { json, body, headers = {} }: RequestOptions): Request {
  const init: RequestInit = { method, headers };
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers = { "content-type": "application/json", ...headers };
  } else if (body !== undefined) {
    init.body = body;
  }
  return new Request(new URL(path, ORIGIN), init);
}

async function readReply<T>(asked: Request, reply: Response): Promise<Reply<T>> {
  const text = new TextDecoder().decode(await reply.arrayBuffer());
  const body: unknown = text !== "" && isJson(reply) ? JSON.parse(text) : text || undefined;
  checkReply(asked, reply, body);
  return { status: reply.status, headers: reply.headers, body: body as T };
}

/** Someone who is signed in, and sends requests as such. */
export interface Person {
  id: string;
  email: string;
  /** The headers that show who it is. */
  headers: Record<string, string>;
  get<T = unknown>(path: string): Promise<Reply<T>>;
  post<T = unknown>(path: string, json?: unknown): Promise<Reply<T>>;
  put<T = unknown>(path: string, json?: unknown): Promise<Reply<T>>;
  delete<T = unknown>(path: string): Promise<Reply<T>>;
}

/** A person who sends these headers. */
export function personWith(id: string, email: string, headers: Record<string, string>): Person {
  const send =
    (method: string) =>
    <T>(path: string, json?: unknown) =>
      request<T>(method, path, { json, headers });
  return {
    id,
    email,
    headers,
    get: send("GET"),
    post: send("POST"),
    put: send("PUT"),
    delete: send("DELETE"),
  };
}

let people = 0;

/** Signs somebody new up. */
export async function signUp(name = "Person"): Promise<Person> {
  const email = `${name.toLowerCase()}-${++people}@example.com`;
  const reply = await request<{ user: { id: string } }>("POST", "/api/auth/sign-up/email", {
    json: { name, email, password: "a long password" },
  });
  if (reply.status !== 200) throw new Error(`Sign-up answered ${reply.status} ${JSON.stringify(reply.body)}`);
  return personWith(reply.body.user.id, email, { cookie: sessionCookie(reply) });
}

/** The session cookie that a reply sets, as a request sends it. */
export function sessionCookie(reply: Reply): string {
  const [pair] = (reply.headers.get("set-cookie") ?? "").split(";");
  if (!pair?.startsWith("captures.session_token=")) throw new Error("The reply sets no session cookie");
  return pair;
}

/** An environment of `admin`'s on an AWS account of its own. */
export async function createEnvironment(
  admin: Person,
  options: { aws?: LocalAccount; name?: string; credentials?: object; allowNotReady?: boolean } = {},
): Promise<{ environment: FullEnvironment; aws: LocalAccount }> {
  const aws = options.aws ?? (await createAccount());
  // What a test does not ask for should not make it wait.
  await aws.setParameterApplication({ delayMs: 0 });
  const { region, instance } = aws;
  const reply = await admin.post<FullEnvironment>("/api/environments", {
    name: options.name ?? "production",
    region,
    instance,
    credentials: options.credentials ?? aws.credentials,
    allowNotReady: options.allowNotReady,
  });
  if (reply.status !== 201)
    throw new Error(`The environment answered ${reply.status} ${JSON.stringify(reply.body)}`);
  return { environment: reply.body, aws };
}

/** An environment as lists show it. */
export function listed({
  checks: _,
  checkedAt: __,
  recorded: ___,
  ...environment
}: FullEnvironment): Environment {
  return environment;
}

/** A role of an account that asks for the external id which the service makes for somebody, as that person would make it. */
export async function makeRole(
  person: Person,
  aws: LocalAccount,
  options: Partial<RoleOptions> = {},
): Promise<{ roleArn: string; externalId: string }> {
  const { body } = await person.post<ExternalId>("/api/environments/external-id");
  const { roleArn } = await aws.createRole({ externalId: body.externalId, ...options });
  return { roleArn, externalId: body.externalId };
}

/** Makes somebody a member by an invite, as a person would. */
export async function addMember(
  admin: Person,
  envId: number,
  person: Person,
  role = "member",
): Promise<void> {
  const invite = await admin.post<{ code: string }>(`/api/environments/${envId}/invites`, { role });
  const accepted = await person.post("/api/invites/accept", { code: invite.body.code });
  if (accepted.status !== 200) throw new Error(`The invite answered ${accepted.status}`);
}

/** The people of an environment, one of each standing, and a capture's owner who is a plain member. */
export interface Cast {
  admin: Person;
  owner: Person;
  member: Person;
  stranger: Person;
  environment: FullEnvironment;
  aws: LocalAccount;
}

/** Makes an environment with people of every standing. */
export async function createCast(): Promise<Cast> {
  // One after the other: a password that is hashed alone is hashed faster.
  const admin = await signUp("Admin");
  const owner = await signUp("Owner");
  const member = await signUp("Member");
  const stranger = await signUp("Stranger");
  const { environment, aws } = await createEnvironment(admin);
  await addMember(admin, environment.id, owner);
  await addMember(admin, environment.id, member);
  return { admin, owner, member, stranger, environment, aws };
}

/** The same people in another environment, on another account: for a test that lets time pass, which does not go back. */
export async function inNewEnvironment(cast: Cast): Promise<Cast> {
  const { environment, aws } = await createEnvironment(cast.admin);
  await addMember(cast.admin, environment.id, cast.owner);
  await addMember(cast.admin, environment.id, cast.member);
  return { ...cast, environment, aws };
}

let captures = 0;

/** Makes a capture that is accepted, with a name of its own unless one is given. */
export async function createCapture(
  person: Person,
  body: { envId: number } & Record<string, unknown>,
): Promise<Capture> {
  const reply = await person.post<Capture>("/api/captures", { name: `capture ${++captures}`, ...body });
  if (reply.status !== 200)
    throw new Error(`The capture answered ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

/** A capture as the API shows it to somebody. */
export async function readCapture(person: Person, { id }: { id: number }): Promise<Capture> {
  return (await person.get<Capture>(`/api/captures/${id}`)).body;
}

/** The runner of a capture. */
export function runnerOf(capture: { id: number }) {
  return env.CAPTURE_RUNNER.getByName(String(capture.id));
}

/** An object's own bindings: other objects than the test's. By name, since to all but the object itself they are protected. */
export function bindingsOf(object: DurableObject<Env>): Env {
  return Reflect.get(object, "env");
}

/** Sends a request to the Worker as it would be with other variables or bindings than the tests' own. */
export async function requestIn<T = unknown>(
  overrides: Partial<Cloudflare.Env>,
  method: string,
  path: string,
  options: RequestOptions = {},
  context = createExecutionContext(),
): Promise<Reply<T>> {
  const asked = makeRequest(method, path, options);
  return readReply(asked, await app.fetch(asked, { ...env, ...overrides }, context));
}

/** The same, and waits for what goes on after the answer, such as mail that is sent. */
export async function requestToEnd<T = unknown>(
  overrides: Partial<Cloudflare.Env>,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Reply<T>> {
  const context = createExecutionContext();
  const reply = await requestIn<T>(overrides, method, path, options, context);
  await waitOnExecutionContext(context);
  return reply;
}

/** A database that is as much as a test needs of one, in a request's session too. */
export function fakeDatabase(db: object): D1Database {
  return { ...db, withSession: () => ({ ...db, getBookmark: () => null }) } as unknown as D1Database;
}

/** An API key of a person's, as it is answered when it is made. */
export interface ApiKey {
  id: string;
  key: string;
}

/** Makes an API key for somebody who is signed in with a session. */
export async function createApiKey(person: Person, options: Record<string, unknown> = {}): Promise<ApiKey> {
  const reply = await person.post<ApiKey>("/api/auth/api-key/create", { name: "a program", ...options });
  if (reply.status !== 200) throw new Error(`The key answered ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

/** Somebody who asks by a new API key of theirs. */
export async function byKey(person: Person, options: Record<string, unknown> = {}): Promise<Person> {
  const { key } = await createApiKey(person, options);
  return personWith(person.id, person.email, { "x-api-key": key });
}

/** Signs somebody new up who then asks by an API key: it outlives all travels in time, as a session does not. */
export async function signUpWithKey(name?: string): Promise<Person> {
  return byKey(await signUp(name), { expiresIn: null });
}

/** Records what is written to the console from now on, until the returned function is called: it gives the lines. */
export function recordConsole(): () => string[] {
  const lines: string[] = [];
  const write = (...values: unknown[]) => {
    lines.push(values.map((value) => (value instanceof Error ? value.stack : String(value))).join(" "));
  };
  const levels = ["log", "info", "warn", "error", "debug"] as const;
  const spies = levels.map((level) => vi.spyOn(console, level).mockImplementation(write));
  return () => {
    for (const spy of spies) spy.mockRestore();
    return lines;
  };
}

/** A line of the log, which is one JSON object. */
export type LogLine = Record<string, unknown>;

/** What is logged while something runs. */
export async function linesOf(run: () => Promise<unknown>): Promise<LogLine[]> {
  const stop = recordConsole();
  let lines: string[] = [];
  try {
    await run();
  } finally {
    lines = stop();
  }
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** Checks what every refusal is, whoever makes it: JSON with two keys, a request id, and nothing of our insides. */
export function expectRefusal(reply: Reply, status: number, message: RegExp | string): void {
  expect(reply.body).toEqual({
    code: status,
    message: typeof message === "string" ? message : expect.stringMatching(message),
  });
  expect(reply.status).toBe(status);
  expect(reply.headers.get("content-type")).toMatch(/^application\/json/);
  expect(reply.headers.get("x-request-id")).toMatch(/^[\w-]{8,}$/);
  const text = JSON.stringify(reply.body);
  expect(text).not.toMatch(
    /<\w|\bat \w+ \(|\.ts:\d|node_modules|SQLITE|D1_ERROR|select |insert into|ZodError/i,
  );
}
