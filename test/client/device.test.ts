import { env } from "cloudflare:workers";
import { type DeviceLogin, deviceLogin, pollDeviceLogin, startDeviceLogin } from "@captures/client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createDeviceApproval } from "../../src/client/device.ts";
import { type Person, signUp } from "../support/api.ts";
import { checkUnread } from "../support/contract.ts";
import { errorOf, worker } from "./support.ts";

const baseUrl = "http://captures.test";
const CLIENT = "captures on build-7";
const options = { baseUrl, fetch: worker };

/** The console of somebody who is signed in. */
const consoleOf = ({ headers }: Person) =>
  createDeviceApproval({
    baseUrl,
    fetch: (request) =>
      worker(new Request(request, { headers: { ...Object.fromEntries(request.headers), ...headers } })),
  });

/** So that a test need not wait. The service is told that the last poll was long ago. */
async function pollAtOnce(login: DeviceLogin): Promise<DeviceLogin> {
  await env.DB.prepare("update device_codes set polled_at = null").run();
  return { ...login, interval: 0 };
}

describe("a program's login", () => {
  test("is given a key of the person who approves it", async () => {
    const person = await signUp("Demo");
    const approval = consoleOf(person);
    const login = await startDeviceLogin(options, CLIENT);
    expect(login.verificationUriComplete).toBe(`${login.verificationUri}#code=${login.userCode}`);
    expect(login.expiresAt.getTime()).toBeGreaterThan(Date.now() + 590_000);
    expect(await approval.verify(login.userCode)).toMatchObject({ client: CLIENT });
    expect(await approval.approve(login.userCode, { expiresIn: 86_400 })).toEqual({
      client: CLIENT,
      status: "approved",
    });
    const { key, expiresAt, scope, user } = await pollDeviceLogin(options, await pollAtOnce(login));
    expect(scope).toBe("write");
    expect(user).toEqual({ id: person.id, name: "Demo", email: person.email });
    expect(Math.round((expiresAt.getTime() - Date.now()) / 3_600_000)).toBe(24);
    const reply = await worker(
      new Request(`${baseUrl}/api/environments`, { headers: { authorization: `Bearer ${key}` } }),
    );
    expect(reply.status).toBe(200);
  });

  test("asks for a key that may only read, where that is enough for it", async () => {
    const approval = consoleOf(await signUp());
    const login = await startDeviceLogin(options, CLIENT, { scope: "read" });
    expect(await approval.verify(login.userCode)).toMatchObject({ scope: "read" });
    await approval.approve(login.userCode);
    const { scope } = await pollDeviceLogin(options, await pollAtOnce(login));
    expect(scope).toBe("read");
  });

  test("ends with a reason when it is denied, and when its key was fetched already", async () => {
    const approval = consoleOf(await signUp());
    const denied = await startDeviceLogin(options, CLIENT);
    await approval.deny(denied.userCode);
    const error = await errorOf(pollDeviceLogin(options, await pollAtOnce(denied)));
    expect(error).toMatchObject({ status: 400, reason: "access_denied", message: "This login was denied" });
    const fetched = await startDeviceLogin(options, CLIENT);
    await approval.approve(fetched.userCode);
    await pollDeviceLogin(options, await pollAtOnce(fetched));
    const twice = await errorOf(pollDeviceLogin(options, await pollAtOnce(fetched)));
    expect(twice.reason).toBe("invalid_grant");
  });

  test("is not begun under a name that the service refuses, nor decided by a wrong code", async () => {
    const error = await errorOf(startDeviceLogin(options, ""));
    expect(error).toMatchObject({ reason: "invalid_request", message: "client_id: must not be empty" });
    const wrong = await errorOf(consoleOf(await signUp()).approve("BBBB-BBBB"));
    expect(wrong).toMatchObject({ status: 404, reason: null });
  });
});

describe("the pace of the polls", () => {
  const CODE = {
    device_code: "a".repeat(43),
    user_code: "BCDF-GHJK",
    verification_uri: `${baseUrl}/device`,
    verification_uri_complete: `${baseUrl}/device#code=BCDF-GHJK`,
    expires_in: 600,
    interval: 5,
  };
  const TOKEN = {
    access_token: `captures_${"a".repeat(64)}`,
    token_type: "Bearer",
    expires_in: 86_400,
    scope: "write",
    user: { id: "u", name: "Demo", email: "demo@example.com" },
  };
  const messages: Record<string, string> = {
    authorization_pending: "Nobody has approved or denied this yet",
    slow_down: "Asked again too soon: wait 10 seconds each time",
    expired_token: "This login has expired: begin another one",
  };
  const refusal = (error: string) => () =>
    Response.json(
      { code: 400, message: messages[error], error },
      { status: 400, headers: { "x-request-id": "r" } },
    );
  const [pending, slower, expired] = ["authorization_pending", "slow_down", "expired_token"].map(refusal);
  const key = () =>
    Response.json(TOKEN, { headers: { "x-request-id": "r", "ratelimit-policy": '"writes";q=1;w=60' } });
  const busy =
    (status: number, headers: Record<string, string> = {}) =>
    () =>
      Response.json({ code: status, message: "Not now" }, { status, headers });
  const lost = () => Promise.reject(new TypeError("Network connection lost"));

  type Answer = (() => Response | Promise<Response>) | undefined;

  /** A service that begins a login, and answers the polls so, the last again and again; and when it was polled, in seconds. */
  function service(...answers: Answer[]) {
    const began = Date.now();
    const polls: number[] = [];
    const send = async (request: Request): Promise<Response> => {
      if (new URL(request.url).pathname.endsWith("/code")) return Response.json(CODE);
      expect(request.headers.get("authorization")).toBeNull();
      polls.push((Date.now() - began) / 1000);
      const reply = await (answers[Math.min(polls.length, answers.length) - 1] as () => Response)();
      // What it pretends to be is what the API describes.
      if (reply.status === 200 || reply.status === 400) await checkUnread(request, reply);
      return reply;
    };
    const shown: DeviceLogin[] = [];
    const login = (signal?: AbortSignal) =>
      deviceLogin(
        { baseUrl, fetch: send },
        { client: CLIENT, signal, onCode: (login) => void shown.push(login) },
      );
    return { polls, shown, login };
  }

  /** Lets time pass until a login has ended. */
  async function ended<T>(login: Promise<T>): Promise<T> {
    const settled = login.then(
      () => true,
      () => true,
    );
    for (let second = 0; second < 700; second++) {
      const over = await Promise.race([settled, vi.advanceTimersByTimeAsync(1000).then(() => false)]);
      if (over) break;
    }
    return login;
  }

  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  test("is the interval, after the code was shown", async () => {
    const { polls, shown, login } = service(pending, pending, key);
    const { user } = await ended(login());
    expect(user).toEqual(TOKEN.user);
    expect(polls).toEqual([5, 10, 15]);
    expect(shown).toMatchObject([{ userCode: "BCDF-GHJK", client: CLIENT, interval: 5 }]);
  });

  test("is five seconds slower for good when the service says so", async () => {
    const { polls, login } = service(pending, slower, pending, slower, pending, key);
    await ended(login());
    expect(polls).toEqual([5, 10, 20, 30, 45, 60]);
  });

  test("goes on while the service can't be reached or is busy, and waits as long as it says", async () => {
    const { polls, login } = service(
      lost,
      busy(503, { "retry-after": "2" }),
      busy(429, { "retry-after": "30" }),
      busy(500),
      key,
    );
    await ended(login());
    expect(polls).toEqual([5, 10, 15, 45, 50]);
  });

  test("ends with the login, as the service says, or by itself when the service stays away", async () => {
    const told = service(pending, expired);
    await expect(ended(told.login())).rejects.toMatchObject({ reason: "expired_token" });
    expect(told.polls).toHaveLength(2);
    const away = service(lost);
    await expect(ended(away.login())).rejects.toMatchObject({ message: "The service could not be reached" });
    expect(away.polls.at(-1)).toBe(600);
  });

  test("ends when the signal is aborted, while it waits too, and with a service that is none", async () => {
    const ending = new AbortController();
    const { polls, login } = service(pending);
    const aborted = login(ending.signal);
    const outcome = expect(aborted).rejects.toThrow("enough");
    await vi.advanceTimersByTimeAsync(7000);
    ending.abort(new Error("enough"));
    await outcome;
    expect(polls).toEqual([5]);
    const proxy = service(() => new Response("<html>", { status: 404 }));
    await expect(ended(proxy.login())).rejects.toMatchObject({ status: 404, reason: null });
  });
});
