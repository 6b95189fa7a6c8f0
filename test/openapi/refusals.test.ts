import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Cast,
  createCapture,
  createCast,
  type Reply,
  type RequestOptions,
  request,
  requestIn,
} from "../support/api.ts";
import { type DescribedOperation, operations } from "../support/contract.ts";
import { faultyDatabase } from "../support/faults.ts";
import { inFuture } from "../support/time.ts";

/*
 * Provokes of each operation the refusals that every operation has, by their names in the API's description. Refusals that only
 * some operations have are tested with those.
 */

type Described = (typeof operations)[number];

let cast: Cast;
/** A capture of theirs. */
let captureId: number;
beforeAll(async () => {
  cast = await createCast();
  const scheduledStart = inFuture(86_400_000);
  captureId = (await createCapture(cast.admin, { envId: cast.environment.id, scheduledStart })).id;
});

let addresses = 0;
/** An address that was not used before, so that nothing of it is counted. */
function newAddress(): string {
  const address = ++addresses;
  return `198.18.${address >> 8}.${address & 255}`;
}

/** A path of the operation, with the examples of its parameters, and ids that do not exist. */
function pathOf({ path, operation }: Described, id = "999999"): string {
  const known = path
    .replace("{id}", id)
    .replace(/\{(\w+)\}/g, (_, name) => String(parameter(operation, name)?.example));
  const query = (operation.parameters ?? [])
    .filter((described) => described.in === "query" && described.required)
    .map(({ name, example }) => `${name}=${example ?? "x"}`);
  return query.length === 0 ? known : `${known}?${query.join("&")}`;
}

const parameter = ({ parameters = [] }: DescribedOperation, name: string) =>
  parameters.find((known) => known.name === name);

/** Sends a request of the operation, with its first example as the body, and with what is given instead. */
function ask(
  described: Described,
  { id, overrides, ...options }: RequestOptions & { id?: string; overrides?: Partial<Cloudflare.Env> } = {},
): Promise<Reply> {
  const json = exampleOf(described);
  const path = pathOf(described, id);
  const asked = {
    ...(json !== undefined && options.body === undefined && { json }),
    ...options,
    headers: { "cf-connecting-ip": newAddress(), ...cast.admin.headers, ...options.headers },
  };
  return overrides === undefined
    ? request(described.method, path, asked)
    : requestIn(overrides, described.method, path, asked);
}

/** The first example of the operation's body. */
function exampleOf({ operation }: Described): object | undefined {
  const content = operation.requestBody?.content["application/json"];
  return Object.values(content?.examples ?? {})[0]?.value as object | undefined;
}

/** A limiter that lets nobody through. */
const FULL: RateLimit = { limit: async () => ({ success: false }) };
/** A database that can't be reached. */
const LOST = faultyDatabase(() => ({ error: new Error("D1_ERROR: Network connection lost.") }));
const JSON_TYPE = { "content-type": "application/json" };
const nobody = (described: Described) => ask(described, { headers: { cookie: "" } });
const ofNothing = (described: Described) => ask(described, inEnvironment(described, 999_999));

/** Options that name an environment for an operation that does not have it in its path. */
function inEnvironment({ path, method }: Described, envId: number): { json?: unknown } {
  if (method !== "POST") return {};
  if (path === "/api/schedules") return { json: { name: "x", envId, cron: "0 0 * * *", duration: 60 } };
  return ["/api/captures", "/api/auth/api-key/create"].includes(path) ? { json: { name: "x", envId } } : {};
}

/** How to make any operation refuse, by the refusal's name in the description. */
const PROVOKE: Record<string, (described: Described) => Promise<Reply>> = {
  loginRequired: nobody,
  keyNotKnown: (described) => ask(described, { headers: { cookie: "", "x-api-key": "captures_revoked" } }),
  unauthorized: nobody,
  noSession: nobody,
  // A change; of an operation that reads, a WebSocket.
  otherOrigin: (described) =>
    ask(described, {
      headers: {
        origin: "https://evil.example",
        ...(described.method === "GET" && { upgrade: "websocket" }),
      },
    }),
  tooLarge: (described) =>
    ask(described, { body: JSON.stringify("x".repeat(64 * 1024)), headers: JSON_TYPE }),
  notJson: (described) => ask(described, { body: "name=x", headers: { "content-type": "text/plain" } }),
  malformed: (described) => ask(described, { body: "{", headers: JSON_TYPE }),
  badId: (described) => ask(described, { id: "one" }),
  fault: (described) => ask(described, { overrides: { CORS_ORIGINS: "not an origin" } }),
  otherAddress: (described) =>
    ask(described, { json: { ...exampleOf(described), callbackURL: "https://evil.example/" } }),
  unavailable: (described) => ask(described, { overrides: { DB: LOST } }),
  tooOften: async (described) => {
    const address = newAddress();
    const key = `${address}|${described.path.replace("/api/auth", "")}`;
    await env.DB.prepare("insert into rate_limit (id, key, count, last_request) values (?1, ?1, 1000, ?2)")
      .bind(key, Date.now())
      .run();
    return ask(described, { headers: { "cf-connecting-ip": address } });
  },
  tooManyChanges: (described) => ask(described, { overrides: { WRITE_LIMITER: FULL } }),
  tooManyRequests: (described) => ask(described, { overrides: { REQUEST_LIMITER: FULL } }),
  // Counted once the caller is known to be allowed to.
  tooManyCostly: (described) => {
    const id = described.path.startsWith("/api/captures/") ? captureId : cast.environment.id;
    return ask(described, { id: String(id), overrides: { COSTLY_LIMITER: FULL } });
  },
  tooManySignIns: (described) => ask(described, { overrides: { SIGN_IN_LIMITER: FULL } }),
  captureNotFound: ofNothing,
  captureEnvironmentNotFound: ofNothing,
  scheduleNotFound: ofNothing,
  environmentNotFound: ofNothing,
};

describe.each(operations.map((described) => [described.operation.operationId, described] as const))(
  "%s refuses as it is described",
  (_, described) => {
    // Lists name an environment in their query, POST /api/environments by a key that was used, and a login is approved by its code.
    const isNamedOtherwise =
      (["/api/captures", "/api/schedules"].includes(described.path) && described.method === "GET") ||
      ["/api/environments", "/api/auth/device/approve"].includes(described.path);
    // It asks the database last, for a sign-on that has begun: test/identity/sign-on.
    const needsSignOn = described.path === "/api/auth/sign-on/finish";
    const uniform = examplesOf(described).filter(
      ({ name }) =>
        name in PROVOKE &&
        !(name === "environmentNotFound" && isNamedOtherwise) &&
        !(name === "unavailable" && needsSignOn),
    );

    test.for(uniform)("$status $name", async ({ name, status, message, pattern }) => {
      const reply = await (PROVOKE[name] as (typeof PROVOKE)[string])(described);
      expect(reply.body).toEqual({
        code: status,
        message: pattern === undefined ? message : expect.stringMatching(new RegExp(pattern)),
      });
      expect(reply.status).toBe(status);
    });
  },
);

describe("the input of an operation", () => {
  const named = (some: Described[]) =>
    some.map((described) => [described.operation.operationId, described] as const);
  const describesInvalid = (described: Described) =>
    examplesOf(described).some(({ name }) => name === "invalid" || name === "invalidCode");

  test.for(named(operations.filter(({ operation }) => hasInput(operation))))(
    "can be invalid, as the description of %s says",
    ([, described]) => {
      expect(describesInvalid(described)).toBe(true);
    },
  );

  test.for(named(operations.filter(describesInvalid)))(
    "is refused by %s when it is invalid",
    async ([, described]) => {
      const isBody = described.method !== "GET";
      const reply = await (isBody ? ask(described, { json: [] }) : askFor(described, wrongQuery(described)));
      expect(reply.status).toBe(400);
    },
  );
});

/** The refusals that an operation describes, with their messages. */
function examplesOf({ operation }: Described) {
  return Object.entries(operation.responses).flatMap(([status, { content }]) =>
    Object.entries(content?.["application/json"]?.examples ?? {}).map(([name, example]) => ({
      name,
      status: Number(status),
      message: example.value.message,
      pattern: example["x-pattern"],
    })),
  );
}

/** Whether the operation has input that can be invalid, besides the ids in its path. No token of a calendar is invalid: one that nobody has is not found. */
const hasInput = ({ operationId, requestBody, parameters = [] }: DescribedOperation): boolean =>
  requestBody !== undefined ||
  (operationId !== "readCalendar" && parameters.some((described) => described.in === "query"));

/** A query with an unknown parameter, or an invalid one. */
function wrongQuery({ path }: Described): string {
  if (path === "/api/auth/api-key/get") return "";
  return path.startsWith("/api/auth/") ? "?limit=x" : "?nope=1";
}

function askFor(described: Described, query: string): Promise<Reply> {
  const path = pathOf(described, "1").replace(/\?.*/, "") + query;
  return request(described.method, path, {
    headers: { ...cast.admin.headers, "cf-connecting-ip": newAddress() },
  });
}
