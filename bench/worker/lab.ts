import { Hono } from "hono";
import { app } from "../../src/app.ts";
import { callAws } from "../../src/aws/client.ts";
import type { CaptureRow } from "../../src/captures/capture-row.ts";
import type { Env } from "../../src/env.ts";
import { readCredential } from "../../src/http/authentication.ts";
import { signedValue } from "../../src/http/signed-cookie.ts";
import { counting } from "../../test/support/counting.ts";
import { EndlessLog, Following, fragmentsIn, lastFragment } from "./log.ts";
import { ScannedLog } from "./scan.ts";
import { SealedLog } from "./seal.ts";

/* The Worker in which the bench runs parts of the service by themselves, and counts what a request costs. */

// As wrangler.toml, by which this is bundled, asks of a Worker.
export { CaptureRunner } from "../../src/captures/runner.ts";
export { LogLease } from "../../src/leases/lease.ts";
/* In the runner's place where the slow log is followed. */
export { SlowLogFollower } from "./slow-log.ts";

/** How often to do the timed step. It is timed from outside: the clock of a Worker stands still while it computes. */
const timesOf = (url: string) => Number(new URL(url).searchParams.get("times"));

/** The log, and how far it has been followed. */
let logText = new Uint8Array(0);
let following: Following | undefined;
/** The fragments of it that are searched. */
let scanned: ScannedLog | undefined;
/** Recordings of it, sealed and not. */
const recorded: Record<string, SealedLog> = {};

/** V8's full collection, if workerd was started with `--expose-gc`. */
const { gc } = globalThis as { gc?: () => void };

const ROW: CaptureRow & { caller: string } = {
  caller: "somebody",
  id: 77,
  name: "capture 77",
  start: 1_767_225_600_000,
  scheduledStart: null,
  scheduledEnd: 1_767_225_660_000,
  end: 1_767_225_660_000,
  status: "DONE",
  envId: 1,
  reason: null,
  redact: "secrets",
  log: "general",
  minDurationMicros: 0,
  version: 1,
};

/** A database that has one row, and takes no time. */
function instantDatabase(): D1Database {
  const statement = { bind: () => statement, first: async () => ROW };
  const database = { prepare: () => statement, withSession: () => database, getBookmark: () => null };
  return database as unknown as D1Database;
}

const SECRET = "the bench's own secret of 32 characters";

/** More than twice as many as are remembered at once (src/http/signed-cookie.ts), so that each is evicted before it is used again. */
const NEW_COOKIES = 2500;
let newCookies: Promise<string[]> | undefined;

async function makeCookies(): Promise<string[]> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(SECRET), algorithm, false, ["sign"]);
  return Promise.all(
    Array.from({ length: NEW_COOKIES }, async () => {
      const token = crypto.randomUUID();
      const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(token));
      return `${token}.${new Uint8Array(signature).toBase64()}`;
    }),
  );
}

const lab = new Hono<{ Bindings: Env }>()
  /** Signs a call of AWS, as the service does, and sends it nowhere. */
  .get("/lab/sign", async (c) => {
    const keys = {
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    };
    const target = { region: "us-east-1", endpointUrl: "http://bench.invalid", timeoutMs: 10_000 };
    const body = "Action=DescribeDBInstances&Version=2014-10-31&DBInstanceIdentifier=production";
    const request = {
      service: "rds" as const,
      action: "DescribeDBInstances",
      headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      body,
      replyHas: "",
      parseError: () => undefined,
    };
    const send = globalThis.fetch;
    globalThis.fetch = async () => new Response("");
    try {
      for (let i = timesOf(c.req.url); i > 0; i--) await callAws(target, keys, request);
    } finally {
      globalThis.fetch = send;
    }
    return c.body(null);
  })
  /** Reads the caller's credential, a session's cookie or an API key, as every request does. */
  .get("/lab/credential", async (c) => {
    for (let i = timesOf(c.req.url); i > 0; i--) await readCredential(c);
    return c.body(null);
  })
  /** Verifies session cookies that are not cached any more. */
  .get("/lab/new-credential", async (c) => {
    newCookies ??= makeCookies();
    const cookies = await newCookies;
    for (let i = timesOf(c.req.url); i > 0; i--) {
      const cookie = cookies[i % cookies.length] as string;
      if ((await signedValue(cookie, SECRET)) === null) throw new Error("A good cookie was refused");
    }
    return c.body(null);
  })
  /** Lets the API answer a request for a capture whose row is there at once: what is left is the API's own. */
  .get("/lab/request", async (c) => {
    const env = { ...c.env, DB: instantDatabase() };
    const cookie = c.req.header("cookie") as string;
    for (let i = timesOf(c.req.url); i > 0; i--) {
      const request = new Request(`http://bench.invalid/api/captures/${ROW.id}`, { headers: { cookie } });
      const reply = await app.fetch(request, env, c.executionCtx);
      if (!reply.ok) throw new Error(`The API answered ${reply.status}`);
      await reply.arrayBuffer();
    }
    return c.body(null);
  })
  /** Gives it some log. */
  .put("/lab/log", async (c) => {
    logText = new Uint8Array(await c.req.arrayBuffer());
    return c.body(null);
  })
  /**
   * Makes a step in following that log, again and again until it was so many bytes: each a request, as each is an alarm. Where
   * garbage can be collected, it is, and R2 is left out: then the process holds what is live, and nothing of R2's simulation.
   */
  .post("/lab/log", async (c) => {
    const bytes = Number(new URL(c.req.url).searchParams.get("bytes"));
    following ??= await Following.begin(
      new EndlessLog(logText, bytes, { collect: gc }),
      gc === undefined ? fragmentsIn(c.env.BUCKET) : lastFragment(),
    );
    const step = await following.step();
    if (step.caughtUp) following = undefined;
    return c.json(step);
  })
  /** Follows so many bytes of that log at once, and keeps the fragments for what follows. */
  .post("/lab/scan/follow", async (c) => {
    scanned = await ScannedLog.follow(logText, Number(c.req.query("bytes")));
    return c.json(scanned.size);
  })
  /** Decompresses them, and does no more. */
  .post("/lab/scan/gunzip", async (c) => c.json({ bytes: await scanned?.gunzip() }))
  /** Finds records in them. */
  .post("/lab/scan/find", async (c) => c.json(await scanned?.find(c.req.query())))
  /** Records so many bytes of that log, sealed or not. */
  .post("/lab/seal/record", async (c) => {
    const { how = "", bytes } = c.req.query();
    const log = await SealedLog.record(c.env, logText, Number(bytes), how === "sealed");
    recorded[how] = log;
    return c.json(log.size);
  })
  /** Downloads what was recorded. */
  .post("/lab/seal/:form{gzip|ndjson}", async (c) => {
    const log = recorded[c.req.query("how") ?? ""];
    if (log === undefined) throw new Error("Nothing is recorded yet");
    const form = c.req.param("form") === "gzip" ? "gzip" : "ndjson";
    const sent = await log.download(form);
    return c.json({ ...log.size, sent });
  })
  /** Gives the follower of the slow log that log, and lets it make a step (slow-log.ts). */
  .all("/lab/slow-log", (c) => {
    const { CAPTURE_RUNNER: followers } = c.env;
    return followers.get(followers.idFromName("log")).fetch(c.req.raw);
  })
  /** Lets the API answer, and says in the reply's headers what that cost. */
  .all("/api/*", async (c) => {
    const { env, cost } = counting(c.env);
    const reply = await app.fetch(c.req.raw, env, c.executionCtx);
    // Waits for what runs after the reply too, so that it is counted.
    const body = await reply.text();
    const headers = new Headers(reply.headers);
    headers.set("x-bench-cost", JSON.stringify(cost));
    return new Response(body, { status: reply.status, headers });
  });

export default { fetch: lab.fetch } satisfies ExportedHandler<Env>;
