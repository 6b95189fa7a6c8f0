import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { Capture } from "../src/captures/replies.ts";
import type { Environment } from "../src/environments/replies.ts";
import type { DeviceCode, DeviceToken } from "../src/identity/device/replies.ts";
import worker from "../src/index.ts";
import { createAccount } from "./local-aws/test/client.ts";
import {
  createCapture,
  fakeDatabase,
  linesOf,
  makeRole,
  type Person,
  personWith,
  type Reply,
  type RequestOptions,
  request,
  requestIn,
  sessionCookie,
} from "./support/api.ts";
import { runAlarm, travel, until } from "./support/time.ts";

const MINUTE = 60_000;
const PASSWORD = "correct horse battery staple";
const STATEMENT = "SELECT card FROM cards WHERE number = 4111111111111111";

/** A database in which everything fails, with a word of what it was asked, as D1's errors have. */
const BROKEN = fakeDatabase({
  prepare: (sql: string) => {
    throw new Error(`D1_ERROR: near "${sql.slice(0, 20)}": syntax error`);
  },
  batch: () => Promise.reject(new Error("D1_ERROR: the database is away")),
});

/** The tests' own secrets, and those that the service's tables hold by the end: each a text that no line may have. */
async function secretsAtRest(): Promise<string[]> {
  const columns = [
    "token from session",
    "password from account",
    "key from apikey",
    "code_hash from invites",
    "device_hash from device_codes",
    "user_hash from device_codes",
    "token_hash from email_links",
    "credentials from environments",
  ];
  const found = await Promise.all(
    columns.map(async (column) => (await env.DB.prepare(`select ${column}`).raw<[string | null]>()).flat()),
  );
  expect(found.every(({ length }) => length > 0)).toBe(true);
  return found.flat().filter((value) => value !== null);
}

test("no line of the log has a secret, whatever is done and whatever fails", {
  timeout: 120_000,
}, async () => {
  const secrets = new Map<string, string>();
  const statuses = new Set<number>();
  const keep = (what: string, secret: string): string => {
    expect(secret.length).toBeGreaterThan(7);
    secrets.set(secret, what);
    return secret;
  };
  const send = async <T>(method: string, path: string, options?: RequestOptions): Promise<Reply<T>> => {
    const reply = await request<T>(method, path, options);
    statuses.add(reply.status);
    return reply;
  };
  const fail = async (method: string, path: string, options?: RequestOptions) =>
    statuses.add((await requestIn({ DB: BROKEN }, method, path, options)).status);

  const aws = await createAccount();
  keep("a secret access key", aws.credentials.secretAccessKey);
  keep("an access key id", aws.credentials.accessKeyId);
  keep("the service's own secret access key", env.AWS_SECRET_ACCESS_KEY as string);
  keep("the service's own access key id", env.AWS_ACCESS_KEY_ID as string);
  keep("the cookies' secret", env.BETTER_AUTH_SECRET);
  for (const pair of env.CREDENTIALS_KEYS.split(",")) keep("a credentials key", pair.split(":")[1] as string);
  keep("a password", PASSWORD);
  keep("a statement", STATEMENT);

  // What AWS hands out for a role, which is nowhere but in the Worker's memory.
  const realFetch = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (...asked) => {
    const reply = await realFetch(...asked);
    const read = reply.clone().text();
    void read.then(
      (text) => {
        for (const [, name, secret] of text.matchAll(/<(SecretAccessKey|SessionToken)>([^<]+)</g)) {
          keep(`a temporary ${name}`, secret as string);
        }
      },
      () => undefined,
    );
    return reply;
  });

  /** Signs somebody up and in, and fails to do so in many ways. */
  const enter = async (name: string, inviteCode?: string): Promise<Person> => {
    const email = `${name}@example.com`;
    const signUp = { name, email, password: PASSWORD, inviteCode };
    const up = await send<{ user: { id: string } }>("POST", "/api/auth/sign-up/email", { json: signUp });
    expect(up.status).toBe(200);
    await send("POST", "/api/auth/sign-up/email", { json: signUp });
    const wrong = keep("a wrong password", `${PASSWORD}, but not ${name}'s`);
    await send("POST", "/api/auth/sign-in/email", { json: { email, password: wrong } });
    const mistyped = { email, password: 17, secret: wrong };
    await send("POST", "/api/auth/sign-in/email", { json: mistyped });
    await send("POST", "/api/auth/sign-in/email", { body: `{"password": "${PASSWORD}` });
    await fail("POST", "/api/auth/sign-in/email", { json: { email, password: PASSWORD } });
    await fail("POST", "/api/auth/sign-up/email", { json: { ...signUp, email: `other-${email}` } });
    const signedIn = await send("POST", "/api/auth/sign-in/email", { json: { email, password: PASSWORD } });
    const cookie = keep("a cookie", sessionCookie(signedIn));
    keep("a session's token", decodeURIComponent(cookie.split("=")[1] as string).split(".")[0] as string);
    await send("GET", "/api/captures", { headers: { cookie: `${cookie}x` } });
    return personWith(up.body.user.id, email, { cookie });
  };

  /** Logs programs in by codes that somebody approves, and fails to. */
  const logIn = async ({ headers }: Person): Promise<void> => {
    const client_id = "captures on build-7";
    const begin = async () => {
      const { body } = await send<DeviceCode>("POST", "/api/auth/device/code", { json: { client_id } });
      keep("a device code", body.device_code);
      keep("a user code", body.user_code);
      keep("a user code without its hyphen", body.user_code.replace("-", ""));
      return body;
    };
    const [approved, waiting] = [await begin(), await begin()];
    const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    const ofLogin = ({ device_code }: DeviceCode) => ({ json: { grant_type, device_code, client_id } });
    await send("POST", "/api/auth/device/token", ofLogin(approved));
    await send("POST", "/api/auth/device/token", { body: JSON.stringify(approved).slice(0, -1) });
    await fail("POST", "/api/auth/device/token", ofLogin(approved));
    await fail("POST", "/api/auth/device/code", { json: { client_id } });
    for (const what of ["verify", "deny", "approve"]) {
      const json = { userCode: approved.user_code };
      await fail("POST", `/api/auth/device/${what}`, { json, headers });
      await send("POST", `/api/auth/device/${what}`, { json });
      await send("POST", `/api/auth/device/${what}`, { json: { ...json, code: waiting.user_code }, headers });
      if (what !== "deny") await send("POST", `/api/auth/device/${what}`, { json, headers });
    }
    const { body } = await send<DeviceToken>("POST", "/api/auth/device/token", ofLogin(approved));
    keep("a program's API key", body.access_token);
    await send("GET", "/api/environments", { headers: { "x-api-key": body.access_token } });
  };

  /** Makes environments, fails to, and has them checked while AWS fails in every way. */
  const register = async (admin: Person, credentials: object): Promise<Environment> => {
    const json = { name: "production", region: aws.region, instance: aws.instance, credentials };
    const { headers } = admin;
    const { body } = await send<Environment>("POST", "/api/environments", { json, headers });
    await send("POST", "/api/environments", { json: { ...json, extra: credentials }, headers });
    await send("POST", "/api/environments", { json, headers: {} });
    await send("POST", "/api/environments", {
      body: `{"credentials": ${JSON.stringify(credentials)}`,
      headers,
    });
    const unquoted = `{"secretAccessKey": ${aws.credentials.secretAccessKey}}`;
    const type = { "content-type": "application/json" };
    await send("POST", "/api/environments", { body: unquoted, headers: { ...headers, ...type } });
    await fail("POST", "/api/environments", { json, headers });
    await fail("PUT", `/api/environments/${body.id}`, { json: { credentials }, headers });
    for (const variables of [
      { CREDENTIALS_KEYS: "broken" },
      { AWS_TIMEOUT_MS: "" },
      { BETTER_AUTH_SECRET: "" },
    ]) {
      statuses.add((await requestIn(variables, "POST", "/api/environments", { json, headers })).status);
    }
    for (const kind of ["throttle", "server-error", "deny", "garbage", "reset", "hang"] as const) {
      await aws.fault({ kind });
      await send("POST", `/api/environments/${body.id}/check`, { headers });
      await send("PUT", `/api/environments/${body.id}`, { json: { credentials }, headers });
      await aws.clearFaults();
    }
    const other = {
      accessKeyId: "AKIANOSUCHKEY0000000",
      secretAccessKey: keep("a wrong key", "no/such+secret/key"),
    };
    await send("PUT", `/api/environments/${body.id}`, { json: { credentials: other }, headers });
    const sealed = await env.DB.prepare("select credentials from environments where id = ?1")
      .bind(body.id)
      .first<string>("credentials");
    await env.DB.prepare("update environments set credentials = 'lost.key.text' where id = ?1")
      .bind(body.id)
      .run();
    await send("POST", `/api/environments/${body.id}/check`, { headers });
    await env.DB.prepare("update environments set credentials = ?2 where id = ?1")
      .bind(body.id, sealed)
      .run();
    return body;
  };

  /** Records a statement, while AWS fails now and then. */
  const record = async (owner: Person, envId: number): Promise<Capture> => {
    await aws.fault({ kind: "throttle", times: 2 });
    const capture = await until(owner, await createCapture(owner, { envId }), "RUNNING");
    await aws.setWorkload(aws.instance, { rate: 0 });
    await aws.appendLog(aws.instance, [{ threadId: 7, command: "Query", statement: STATEMENT }]);
    await aws.fault({ kind: "garbage", times: 1 });
    await runAlarm(capture);
    await send("GET", `/api/captures/${capture.id}/metrics`, owner);
    await aws.deny("cloudwatch:GetMetricData");
    await send("GET", `/api/captures/${capture.id}/metrics?period=300`, owner);
    await aws.deny();
    await send("POST", `/api/captures/${capture.id}/stop`, owner);
    await until(owner, capture, "DONE");
    const digest = await send("GET", `/api/captures/${capture.id}/workload/digest`, owner);
    expect(JSON.stringify(digest.body)).toContain("card");
    await send("GET", `/api/captures/${capture.id}/workload/download`, owner);
    return capture;
  };

  const lines = await linesOf(async () => {
    const admin = await enter("admin");
    const made = await send<{ key: string; id: string }>("POST", "/api/auth/api-key/create", {
      json: { name: "a program" },
      ...admin,
    });
    const key = keep("an API key", made.body.key);
    for (const headers of [
      { "x-api-key": key },
      { authorization: `Bearer ${key}` },
      { authorization: key },
    ]) {
      await send("GET", "/api/environments", { headers: headers as Record<string, string> });
    }
    await fail("GET", "/api/environments", { headers: { "x-api-key": key } });
    await send("GET", "/api/captures", { headers: { "x-api-key": keep("a wrong API key", `${key}-not`) } });

    await logIn(admin);
    const environment = await register(admin, aws.credentials);
    const { roleArn, externalId } = await makeRole(admin, aws);
    keep("an external id", externalId);
    await register(admin, { roleArn });
    const { region, instance } = aws;
    const withId = { name: "by role", region, instance, credentials: { roleArn, externalId } };
    await send("POST", "/api/environments", { json: withId, headers: admin.headers });
    const { headers } = admin;
    const { body: invite } = await send<{ code: string }>(
      "POST",
      `/api/environments/${environment.id}/invites`,
      {
        json: { role: "member" },
        headers,
      },
    );
    const code = keep("an invite's code", invite.code);
    const withCode = { json: { code }, headers };
    for (const path of ["/api/invites/look", "/api/invites/accept"]) {
      await fail("POST", path, withCode);
      await send("POST", path, { json: { code } });
      await send("POST", path, { json: { code: [code] }, headers });
    }
    // As clients of before sent it.
    await send("POST", `/api/invites/${code}/accept`, admin);
    await send("GET", `/api/invites/${code}`, admin);
    await send("GET", `/api/invites/accept?${new URLSearchParams({ code })}`, admin);
    const member = await enter("member", code);
    await send("POST", "/api/invites/accept", { json: { code }, headers: member.headers });

    const capture = await record(member, environment.id);
    await send("POST", "/api/captures", {
      json: { name: PASSWORD, envId: "x", password: PASSWORD },
      headers,
    });
    await fail("DELETE", `/api/captures/${capture.id}`, admin);
    await fail(
      "GET",
      `/api/captures/${capture.id}/workload/digest?${new URLSearchParams({ q: STATEMENT })}`,
      admin,
    );

    const newPassword = keep("a new password", `${PASSWORD}, changed`);
    const change = { currentPassword: PASSWORD, newPassword, revokeOtherSessions: true };
    await fail("POST", "/api/auth/change-password", { json: change, headers });
    await send("POST", "/api/auth/change-password", {
      json: change,
      headers: { ...headers, origin: "https://evil.example" },
    });
    const changed = await send("POST", "/api/auth/change-password", { json: change, headers });
    expect(changed.status).toBe(200);
    keep("a newer cookie", sessionCookie(changed));
    await travel(aws, 20 * MINUTE);
    for (const cron of ["* * * * *", "17 3 * * *"]) {
      await worker.scheduled(createScheduledController({ cron }), env);
    }
    await send("POST", "/api/auth/device/code", { json: { client_id: "one that is not purged" } });
    await send("POST", "/api/auth/sign-out", member);
  });

  vi.restoreAllMocks();

  // It has seen what it was to see: what was done, what was refused, what failed, and what is not a request.
  expect([...statuses].sort()).toEqual(expect.arrayContaining([200, 201, 400, 401, 403, 404, 405, 415, 500]));
  const events = new Set(lines.map(({ event }) => event));
  for (const event of ["request", "request.failed", "capture.moved", "lease.change", "cleanup.purged"]) {
    expect(events).toContain(event);
  }
  expect([...secrets.values()]).toContain("a temporary SessionToken");
  for (const secret of await secretsAtRest()) secrets.set(secret, "something kept in the database");

  const leaks: string[] = [];
  for (const line of lines) {
    const text = JSON.stringify(line);
    for (const [secret, what] of secrets) {
      for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
        if (text.includes(form)) leaks.push(`${what} in a line of ${line.event}`);
      }
    }
    // A cookie, a hash of a password, an API key or temporary credentials in any form.
    if (/captures\.session_token|[0-9a-f]{32}:[0-9a-f]{64}|captures_\w{20}|ASIA[A-Z0-9]{12}/.test(text)) {
      leaks.push(`what looks like a secret in ${text}`);
    }
  }
  expect(leaks).toEqual([]);
});
