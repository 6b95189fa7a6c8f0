import type { CallOptions, CaptureFilter } from "@captures/client";
import { beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { type Cast, createApiKey, createCast, createEnvironment, listed, signUp } from "../support/api.ts";
import { until } from "../support/time.ts";
import { clientOf, errorOf, expectAllSent, worker } from "./support.ts";

let cast: Cast;
let key: string;
beforeAll(async () => {
  cast = await createCast();
  ({ key } = await createApiKey(cast.admin));
});

describe("the client and the Worker", () => {
  test("do everything that the API offers", async () => {
    const { captures, environments, members, invites, audit, health } = clientOf(key);
    expect(await health()).toEqual({ status: "ok", database: "ok" });
    const { credentials, region, instance } = (await createEnvironment(cast.admin)).aws;
    const environment = await environments.create({
      name: "made by the client",
      region,
      instance,
      credentials,
    });
    expect(environment).toMatchObject({ name: "made by the client", role: "admin" });
    expect(await environments.askForExternalId()).toMatchObject({ externalId: expect.any(String) });
    const { instances } = await environments.instances({ region, credentials });
    expect(instances).toContainEqual(expect.objectContaining({ instance, capturable: true }));
    const unable = await environments
      .create({ name: "refused", region, instance: "demo-postgres", credentials })
      .catch((error: unknown) => error);
    expect(unable).toMatchObject({ status: 400, checks: expect.arrayContaining([environment.checks[0]]) });
    const envId = environment.id;
    expect(await environments.get(envId)).toEqual(environment);
    expect(await environments.list()).toContainEqual(listed(environment));
    expect(await environments.update(envId, { name: "renamed" })).toMatchObject({ name: "renamed" });
    expect(await environments.check(envId)).toMatchObject({ id: envId, status: "available" });
    expect(await environments.abandon(envId)).toMatchObject({ id: envId, owed: [] });

    const guest = await signUp("Guest");
    const { code } = await invites.create(envId, "member");
    const joined = clientOf((await createApiKey(guest)).key);
    const bound = await invites.create(envId, "admin", { email: "jo@example.com" });
    expect(await invites.list(envId)).toHaveLength(2);
    expect(await invites.revoke(envId, bound.id)).toEqual({ id: bound.id });
    expect(await joined.invites.look(code)).toMatchObject({ environment: { id: envId }, role: "member" });
    expect(await joined.invites.accept(code)).toMatchObject({ id: envId, role: "member" });
    const done = await Array.fromAsync(audit.list(envId, { sort: "time", limit: 2 }));
    expect(done[0]).toMatchObject({ action: "environment.created", via: "apiKey" });
    expect(done.at(-1)).toMatchObject({ action: "member.added", via: "apiKey" });
    expect((await members.list(envId)).map(({ userId }) => userId)).toContain(guest.id);
    expect(await members.setRole(envId, guest.id, "admin")).toEqual({ userId: guest.id, role: "admin" });
    expect(await members.remove(envId, guest.id)).toEqual({ userId: guest.id });

    const capture = await captures.create({ name: "made by the client", envId });
    await until(cast.admin, capture, "RUNNING");
    expect(await captures.rename(capture.id, "renamed")).toMatchObject({ id: capture.id, name: "renamed" });
    await captures.update(capture.id, { labels: { release: "1.2" }, notes: "By the client", duration: 3600 });
    const full = { id: capture.id, labels: { release: "1.2" }, notes: "By the client", duration: 3600 };
    expect(await captures.getFull(capture.id)).toMatchObject(full);
    const today: CaptureFilter = { label: ["release:1.2"], owner: "me", sort: "-start", from: new Date() };
    expect(await captures.page(today)).toMatchObject({ captures: [{ id: capture.id }], next: null });
    expect((await captures.fullPage(today)).captures).toMatchObject([full]);
    const scheduledStart = new Date(Date.now() + 3_600_000);
    const waiting = await captures.create({ name: "cancelled", envId, scheduledStart });
    await captures.update(waiting.id, { scheduledStart: new Date(Date.now() + 7_200_000) });
    const waited = captures.wait(waiting.id, 60);
    expect(await captures.cancel(waiting.id)).toMatchObject({ id: waiting.id, status: "FAILED" });
    expect(await waited).toMatchObject({ id: waiting.id });
    await captures.delete(waiting.id);
    expect(await captures.restore(waiting.id)).toMatchObject({ id: waiting.id, status: "FAILED" });
    expect((await captures.page({ sort: "name", limit: 1 })).next).toEqual(expect.any(String));
    await captures.delete(waiting.id);
    expect((await captures.metrics(capture.id, { type: ["READ IOPS"], period: 60 })).metrics).toMatchObject([
      { label: "ReadIOPS" },
    ]);
    expect(await captures.stop(capture.id)).toMatchObject({ status: "STOPPING" });
    await until(cast.admin, capture, "DONE");
    expect(await captures.get(capture.id)).toMatchObject({ status: "DONE" });
    expect((await captures.events(capture.id)).map(({ to }) => to)).toContain("DONE");
    expect(await captures.workload(capture.id)).toMatchObject({ redact: "secrets" });
    expect(await captures.amazon(capture.id)).toMatchObject({ others: expect.any(Number) });
    expect((await captures.progress(capture.id)).capture.id).toBe(capture.id);
    expect(await captures.digest(capture.id, { limit: 3 })).toEqual(expect.any(Array));
    expect(await captures.digest(capture.id, { table: "t", tag: ["a:b", "c:d"] })).toEqual([]);
    await expect(captures.statement(capture.id, "0011223344556677")).rejects.toMatchObject({ status: 404 });
    for (const groups of [
      await captures.tables(capture.id),
      await captures.users(capture.id),
      await captures.hosts(capture.id),
      await captures.tags(capture.id),
      await captures.tags(capture.id, { key: "action" }),
    ]) {
      expect(groups).toMatchObject({ groups: expect.any(Array), others: null });
    }
    expect(await captures.csv(capture.id, "tags", { key: "action" })).toMatch(/^name,statements,/);
    expect(await captures.csv(capture.id, "users", {})).toMatch(/^name,statements,/);
    expect(await captures.csv(capture.id, "digest", { limit: 3 })).toMatch(/^fingerprint,count,/);
    expect(await captures.series(capture.id, { step: 60 })).toMatchObject({ step: 60 });
    const later = { name: "in an hour", envId, scheduledStart: new Date(Date.now() + 3_600_000) };
    const { id: base } = await captures.create(later);
    expect(await captures.compare(capture.id, base, { minChange: 0 })).toMatchObject({
      base: { id: base, minutes: 0 },
      this: { id: capture.id },
    });
    expect(await captures.report(capture.id, { format: "md", with: base })).toMatch(/^# renamed\n/);
    await captures.delete(base);
    const from = new Date(Date.now() - 60_000);
    expect(await captures.span(capture.id, { from })).toMatchObject({ statements: expect.any(Array) });
    expect((await captures.recordsPage(capture.id, { from, limit: 1 })).records).toEqual(expect.any(Array));
    // A number that no connection has.
    expect(await errorOf(captures.session(capture.id, 0))).toMatchObject({ status: 404 });
    const download = await captures.download(capture.id, { format: "log", from });
    expect(download.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    await download.body?.cancel();
    const downloaded = await Array.fromAsync(captures.downloadRecords(capture.id));
    expect(downloaded.length).toBe((await captures.workload(capture.id)).records);
    expect(await captures.erase(capture.id, { keepMetrics: true })).toMatchObject({ metrics: false });
    expect(await captures.erase(capture.id)).toMatchObject({ capture: capture.id, metrics: true });
    expect(await environments.erase(envId, { what: "workloads" })).toMatchObject({ left: { kept: 0 } });
    expect((await environments.erasure(envId, { after: capture.id - 1 })).captures[0]).toMatchObject({
      capture: capture.id,
    });
    expect(await captures.delete(capture.id)).toMatchObject({ id: capture.id });
    for await (const left of captures.list({ envId })) expect(left.id).not.toBe(capture.id);
    // The parameter group is restored after the capture has ended, and until then this is refused.
    const deleted = () => environments.delete(envId).catch((error: unknown) => error);
    await expect.poll(deleted).toMatchObject({ id: envId });
  });

  test("leave out no operation of the API but those of accounts, schedules and webhooks, which have tests of their own", () => {
    expectAllSent((path) => !/^\/api\/(?:account|auth|schedules)(?:\/|$)|\/webhooks/.test(path));
  });

  test("agree on a cookie instead of a key", async () => {
    const withCookie = (request: Request) => {
      const headers = new Headers(request.headers);
      for (const [name, value] of Object.entries(cast.member.headers)) headers.set(name, value);
      return worker(new Request(request, { headers }));
    };
    const client = clientOf(undefined, { fetch: withCookie });
    expect(await client.environments.list()).toMatchObject([{ role: "member" }]);
  });

  test("agree on what a refusal is", async () => {
    const error = await errorOf(clientOf(key).captures.get(999_999));
    expect(error).toMatchObject({
      name: "CapturesError",
      status: 404,
      message: "Capture's environment not found",
      retryAfter: null,
    });
    expect(error.requestId).toMatch(/^[\w-]{8,}$/);
    expect(await errorOf(clientOf("captures_wrong").captures.get(1))).toMatchObject({
      status: 401,
    });
  });

  test("agree on the types", () => {
    const { captures } = clientOf(key);
    expectTypeOf<Parameters<typeof captures.get>>().toEqualTypeOf<
      [id: number, options?: CallOptions | undefined]
    >();
    // @ts-expect-error: there is no such field
    void (() => captures.create({ name: "x", envId: 1, duraton: 60 }));
    // @ts-expect-error: nor such a status
    void (() => captures.list({ status: "SLEEPING" }));
  });
});
