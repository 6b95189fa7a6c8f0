import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { isTransientFault } from "../../src/lib/transient.ts";
import {
  type Cast,
  createCapture,
  createCast,
  expectRefusal,
  linesOf,
  type Reply,
  requestIn,
  signUp,
} from "../support/api.ts";
import { failing, faultyDatabase } from "../support/faults.ts";
import { captureIn, ended } from "../support/stored-workload.ts";
import { inFuture, until } from "../support/time.ts";

/** D1's, as its documentation lists them and people have met them. */
const OF_D1 = [
  "Network connection lost.",
  "D1 DB reset because its code was updated.",
  "Internal error while starting up D1 DB storage caused object to be reset.",
  "Internal error in D1 DB storage caused object to be reset.",
  "D1 DB storage operation exceeded timeout which caused object to be reset.",
  "D1 DB is overloaded. Requests queued for too long.",
  "D1 DB is overloaded. Too many requests queued.",
  "Cannot resolve D1 DB due to transient issue on remote node.",
  "internal error; reference = 9r55gd2bsmoql4dsl38lqpt1",
];
const OF_R2 = [
  "get: We encountered an internal error. Please try again. (10001)",
  "list: The service is temporarily unavailable. (10043)",
  "get: The client disconnected. (10054)",
  "put: Reduce your concurrent request rate for the same object. (10058)",
  "get: Unspecified error (0)",
];

const ofD1 = (message: string) => new Error(`D1_ERROR: ${message}`, { cause: new Error(message) });
const LOST = ofD1("Network connection lost.");

let cast: Cast;
let captureId: number;
beforeAll(async () => {
  cast = await createCast();
  const capture = await createCapture(cast.owner, {
    envId: cast.environment.id,
    scheduledStart: inFuture(3_600_000),
  });
  captureId = capture.id;
});

const expectUnavailable = (reply: Reply) => {
  expectRefusal(reply, 503, "The service can't answer just now: try again soon");
  expect(reply.headers.get("retry-after")).toBe("5");
};

describe("a fault", () => {
  test.each([...OF_D1.map(ofD1), ...OF_R2.map((message) => new Error(message))])("passes: %s", (error) => {
    expect(isTransientFault(error)).toBe(true);
    // As a library hands it on.
    expect(isTransientFault(new Error("Failed query", { cause: error }))).toBe(true);
  });

  test.each(["retryable", "overloaded", "durableObjectReset"])(
    "of a Durable Object passes if it is %s",
    (mark) => {
      expect(isTransientFault(Object.assign(new Error("The object is away"), { [mark]: true }))).toBe(true);
    },
  );

  test.each([
    new Error("D1_ERROR: UNIQUE constraint failed: u.k: SQLITE_CONSTRAINT"),
    new Error("D1_ERROR: no such table: captures: SQLITE_ERROR"),
    new Error("put: The specified object name is not valid. (10020)"),
    new TypeError("Cannot read properties of undefined (reading 'id')"),
    "Network connection lost.",
    undefined,
  ])("does not pass: %s", (error) => {
    expect(isTransientFault(error)).toBe(false);
  });
});

describe("a database that fails for a moment", () => {
  const READS: [string, () => string][] = [
    ["/api/captures", () => "/api/captures"],
    ["/api/captures/{id}", () => `/api/captures/${captureId}`],
    ["/api/captures/{id}/events", () => `/api/captures/${captureId}/events`],
    ["/api/captures/{id}/metrics", () => `/api/captures/${captureId}/metrics`],
    ["/api/captures/{id}/live", () => `/api/captures/${captureId}/live`],
    ["/api/captures/{id}/workload", () => `/api/captures/${captureId}/workload`],
    ["/api/environments", () => "/api/environments"],
    ["/api/environments/{id}/members", () => `/api/environments/${cast.environment.id}/members`],
    ["/api/auth/get-session", () => "/api/auth/get-session"],
    ["/api/auth/list-sessions", () => "/api/auth/list-sessions"],
    ["/api/auth/api-key/list", () => "/api/auth/api-key/list"],
  ];

  test.each(READS)("GET %s is retried once", async (_, path) => {
    const { DB } = failing(/^\s*(select|with)\b/i, LOST);
    const { headers } = cast.owner;
    let reply: Reply | undefined;
    const lines = await linesOf(async () => {
      reply = await requestIn({ DB }, "GET", path(), { headers });
    });
    expect(reply?.status).toBe(200);
    expect(reply?.body).not.toBeNull();
    expect(lines).toContainEqual(expect.objectContaining({ event: "database.read.repeated", level: "warn" }));
  });

  test.each(READS)("GET %s is a 503 when the retry fails too", async (_, path) => {
    // What sign-ins are counted by is not in question.
    const { DB } = failing(/^(?!.*rate_limit)\s*(select|with)\b/is, LOST, {
      times: Number.POSITIVE_INFINITY,
    });
    expectUnavailable(await requestIn({ DB }, "GET", path(), { headers: cast.owner.headers }));
  });

  test.each(OF_D1)("is recognised by %s", async (message) => {
    const { DB, trips } = failing(/from caller/, ofD1(message), { times: 2 });
    const path = `/api/captures/${captureId}`;
    const ask = () => requestIn({ DB }, "GET", path, { headers: cast.owner.headers });
    const lines = await linesOf(async () => expectUnavailable(await ask()));
    expect(lines).toContainEqual(
      expect.objectContaining({ event: "request.unavailable", error: expect.stringContaining(message) }),
    );
    expect(trips()).toBe(2);
    expect((await ask()).status).toBe(200);
    expect(trips()).toBe(3);
  });

  test("is asked once if the fault is permanent, and once if there is none", async () => {
    const broken = failing(/from caller/, new Error("D1_ERROR: no such table: captures: SQLITE_ERROR"));
    const { headers } = cast.owner;
    expect((await requestIn({ DB: broken.DB }, "GET", "/api/captures", { headers })).status).toBe(500);
    expect(broken.trips()).toBe(1);
    const well = failing(/from caller/, LOST, { times: 0 });
    expect((await requestIn({ DB: well.DB }, "GET", "/api/captures", { headers })).status).toBe(200);
    expect(well.trips()).toBe(1);
  });

  const WRITES: [method: string, path: string, json: () => object | undefined][] = [
    ["POST", "/api/captures", () => ({ name: crypto.randomUUID(), envId: cast.environment.id })],
    ["PUT", "/api/captures/{id}", () => ({ name: crypto.randomUUID() })],
    ["POST", "/api/captures/{id}/stop", () => undefined],
    ["PUT", "/api/environments/{env}", () => ({ name: "renamed" })],
    ["POST", "/api/environments/{env}/invites", () => ({ role: "member" })],
    ["POST", "/api/invites/accept", () => ({ code: "a code" })],
  ];

  test.each(WRITES)("is not asked again for a write: %s %s is a 503", async (method, path, json) => {
    const { DB, trips } = failing(/\b(insert|update|delete)\b/i, LOST);
    const { headers } = cast.admin;
    const known = path.replace("{id}", String(captureId)).replace("{env}", String(cast.environment.id));
    expectUnavailable(await requestIn({ DB }, method, known, { headers, json: json() }));
    expect(trips()).toBe(1);
  });
});

describe("/api/auth, whose every statement may fail", () => {
  type Request = [method: string, path: string, json: () => object | undefined];
  const email = () => `passing-${crypto.randomUUID()}@example.com`;
  const REQUESTS: Request[] = [
    ["POST", "/api/auth/sign-up/email", () => ({ name: "New", email: email(), password: "a long password" })],
    ["POST", "/api/auth/sign-in/email", () => ({ email: cast.owner.email, password: "a long password" })],
    ["POST", "/api/auth/sign-out", () => undefined],
    ["POST", "/api/auth/revoke-other-sessions", () => undefined],
    ["POST", "/api/auth/revoke-sessions", () => undefined],
    ["POST", "/api/auth/update-user", () => ({ name: "Renamed" })],
    [
      "POST",
      "/api/auth/change-password",
      () => ({ currentPassword: "a long password", newPassword: "another password" }),
    ],
    ["POST", "/api/auth/api-key/create", () => ({ name: "a program" })],
    ["GET", "/api/auth/get-session", () => undefined],
    ["GET", "/api/auth/api-key/list", () => undefined],
  ];

  const AFTER_THE_ANSWER = /email_links/;

  /** Sends the request again and again as somebody new, the nth statement failing for good, until there is no nth. */
  async function strike([method, path, json]: Request): Promise<Reply[]> {
    const replies: Reply[] = [];
    for (let nth = 1; nth < 30; nth++) {
      const { headers } = await signUp();
      let left = nth;
      let struck: string | undefined;
      const DB = faultyDatabase((sql) => {
        // What is mailed about a sign-up is found out after the answer.
        if (AFTER_THE_ANSWER.test(sql)) return;
        // A read is struck at its second try too.
        if (struck !== sql && --left !== 0) return;
        struck = sql;
        return { error: LOST };
      });
      const body = json();
      const reply = await requestIn({ DB }, method, path, { headers, ...(body && { json: body }) });
      if (struck === undefined) return replies;
      replies.push(reply);
    }
    throw new Error("There was no end of statements");
  }

  test.each(REQUESTS)("answers %s %s with 503 whichever fails", async (...asked) => {
    const replies = await strike(asked);
    expect(replies.length).toBeGreaterThan(0);
    for (const reply of replies) expectUnavailable(reply);
  });
});

describe("R2 and Durable Objects that fail for a moment", () => {
  const failingBucket = (error: Error) =>
    ({ get: () => Promise.reject(error), list: () => Promise.reject(error) }) as unknown as R2Bucket;

  test.each(OF_R2)("are a 503 for the stored workload: %s", async (message) => {
    const { id } = await ended(cast, []);
    const BUCKET = failingBucket(new Error(message));
    for (const path of [
      ...[
        "/workload",
        "/workload/digest",
        "/workload/digest/0011223344556677",
        "/workload/download",
        "/live",
      ],
      ...["/workload/tables", "/workload/users", "/workload/hosts", "/workload/tags"],
    ]) {
      const asked = requestIn({ BUCKET }, "GET", `/api/captures/${id}${path}`, {
        headers: cast.owner.headers,
      });
      expectUnavailable(await asked);
    }
  });

  test("are a 503 for stored metrics that CloudWatch has forgotten", async () => {
    const id = await captureIn(cast, "DONE");
    const longAgo = Date.now() - 500 * 86_400_000;
    await env.DB.prepare(
      "update captures set started_at = ?2, ended_at = ?2 + 3600000, metrics_archived_at = ?2 where id = ?1",
    )
      .bind(id, longAgo)
      .run();
    const BUCKET = failingBucket(new Error(OF_R2[0]));
    expectUnavailable(
      await requestIn({ BUCKET }, "GET", `/api/captures/${id}/metrics`, { headers: cast.owner.headers }),
    );
  });

  test("are a 503 for a WebSocket", async () => {
    const running = await createCapture(cast.owner, { envId: cast.environment.id });
    await until(cast.owner, running, "RUNNING");
    const away = Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });
    const CAPTURE_RUNNER = {
      getByName: () => ({ fetch: () => Promise.reject(away) }),
    } as unknown as Cloudflare.Env["CAPTURE_RUNNER"];
    const headers = { ...cast.owner.headers, upgrade: "websocket" };
    const path = `/api/captures/${running.id}/live`;
    expectUnavailable(await requestIn({ CAPTURE_RUNNER }, "GET", path, { headers }));
  });
});
