import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import packageJson from "../../package.json";
import { everyMinute } from "../../src/cleanup/cron.ts";
import { everyDay } from "../../src/cleanup/daily.ts";
import { countKeyless, RESEAL_JOBS } from "../../src/cleanup/rotation.ts";
import type { Env } from "../../src/env.ts";
import { open, seal } from "../../src/environments/credentials.ts";
import { purposeOf } from "../../src/environments/seal-keys.ts";
import { sealText } from "../../src/environments/sealing.ts";
import { openTarget, sealTarget } from "../../src/webhooks/target.ts";
import { type LogLine, linesOf } from "../support/api.ts";
import { cronLine } from "../support/cron.ts";

const KEY = { accessKeyId: "AKIA0123456789ABCDEF", secretAccessKey: "a-secret-access-key" };
const key = (byte: number) => new Uint8Array(32).fill(byte).toBase64();
const withKeys = (...ids: number[]): Env => ({
  ...env,
  CREDENTIALS_KEYS: ids.map((id) => `k${id}:${key(id)}`).join(","),
});

/** Before, while and after the key k1 is replaced by k2. */
const [before, during, after] = [withKeys(1), withKeys(2, 1), withKeys(2)];

beforeEach(async () => {
  await env.DB.prepare("update environments set credentials = null").run();
});

/** A row with a text for credentials. */
async function row(credentials: string | null): Promise<number> {
  const made = await env.DB.prepare(
    `insert into environments (name, region, instance, engine, engine_version, parameter_group, credentials_hint, credentials,
       created_at, updated_at) values ('e', 'us-east-1', 'i', 'mysql', '8', 'p', '****CDEF', ?1, 0, 0) returning id`,
  )
    .bind(credentials)
    .first<number>("id");
  return made as number;
}

/** A row whose credentials were sealed with the first of some keys. */
async function sealedRow(keys: Env): Promise<number> {
  const id = await row(null);
  await write(id, await seal(keys, id, KEY));
  return id;
}

const write = (id: number, credentials: string) =>
  env.DB.prepare("update environments set credentials = ?2 where id = ?1").bind(id, credentials).run();
const read = async (id: number) =>
  (await env.DB.prepare("select credentials from environments where id = ?1")
    .bind(id)
    .first<string>("credentials")) as string;

/** Rows with these sealed texts, of one environment. */
const insert = (table: string, texts: string[], envId = 1, number = 1) =>
  env.DB.prepare(
    {
      environments: `insert into environments (name, region, instance, engine, engine_version, parameter_group, credentials_hint,
        credentials, created_at, updated_at) select 'e', 'us-east-1', 'i', 'mysql', '8', 'p', '****', value, ?2 * 0, ?3 * 0
        from json_each(?1)`,
      webhooks: `insert into webhooks (env_id, kind, name, events, target, origin, created_at, updated_at)
        select ?2, 'standard', 'w', '[]', value, '', 0, ?3 from json_each(?1)`,
      seal_keys: `insert into seal_keys (env_id, number, sealed, created_at)
        select ?2, ?3 + key, value, unixepoch() * 1000 from json_each(?1)`,
    }[table] ?? "",
  )
    .bind(JSON.stringify(texts), envId, number)
    .run();

/** What one run does, and what it logs. */
async function rotate(keys: Env): Promise<{ counts: Record<string, number>; lines: LogLine[] }> {
  const counts: Record<string, number> = { resealed: 0, changed: 0, unreadable: 0, withoutKey: 0 };
  const lines = await linesOf(async () => {
    for (const job of Object.values(RESEAL_JOBS)) {
      const part = await job(keys, Date.now(), 0);
      for (const [what, count] of Object.entries(part.counts)) counts[what] = (counts[what] ?? 0) + count;
    }
    counts.withoutKey = await countKeyless(keys);
  });
  return { counts, lines };
}

describe("rotating the credentials key", () => {
  it("seals the addresses and secrets of webhooks anew, too", async () => {
    const envId = await row(null);
    const target = { address: "https://hooks.shop.com/captures", secret: "whsec_c2VjcmV0" };
    const id = await env.DB.prepare(
      `insert into webhooks (env_id, kind, name, events, target, origin, created_at, updated_at)
       values (?1, 'standard', 'ours', '[]', ?2, 'http://captures.test', 0, 0) returning id`,
    )
      .bind(envId, await sealTarget(before, envId, target))
      .first<number>("id");
    expect((await rotate(during)).counts).toEqual({ resealed: 1, changed: 0, unreadable: 0, withoutKey: 0 });
    const sealed = env.DB.prepare("select target from webhooks where id = ?1").bind(id);
    expect(await openTarget(after, envId, (await sealed.first<string>("target")) ?? "")).toEqual(target);
    await env.DB.prepare("delete from webhooks").run();
  });

  it("seals with the new key what the old one sealed, so that the old one can be dropped", async () => {
    const ids = await Promise.all([before, before, during].map(sealedRow));
    const [, , current] = await Promise.all(ids.map(read));
    const { counts, lines } = await rotate(during);
    expect(counts).toEqual({ resealed: 2, changed: 0, unreadable: 0, withoutKey: 0 });
    expect(lines).toEqual([]);
    for (const id of ids) {
      expect(await read(id)).toMatch(/^k2\./);
      expect(await open(after, id, await read(id))).toEqual(KEY);
    }
    expect(await read(ids[2] as number)).toBe(current);
    expect((await rotate(during)).counts).toEqual({ resealed: 0, changed: 0, unreadable: 0, withoutKey: 0 });
  });

  it("can go back to the old key", async () => {
    const id = await sealedRow(after);
    expect((await rotate(withKeys(1, 2))).counts).toMatchObject({ resealed: 1 });
    expect(await open(before, id, await read(id))).toEqual(KEY);
  });

  it("tells key ids apart that are alike", async () => {
    const keys = (...ids: string[]): Env => ({
      ...env,
      CREDENTIALS_KEYS: ids.map((id) => `${id}:${key(1)}`).join(","),
    });
    const [long, odd] = [await sealedRow(keys("k2025")), await sealedRow(keys("k_x"))];
    expect((await rotate(keys("k2", "k2025", "k_x", "kax"))).counts).toMatchObject({ resealed: 2 });
    for (const id of [long, odd]) expect(await read(id)).toMatch(/^k2\./);
  });

  it("leaves credentials that somebody changes meanwhile", async () => {
    const [changed, left] = [await sealedRow(before), await sealedRow(before)];
    const newer = await seal(during, changed, { ...KEY, secretAccessKey: "a newer one" });
    const DB = new Proxy(env.DB, {
      get: (db, name) => (sql: string) => {
        const statement = db.prepare(sql);
        if (name !== "prepare" || !sql.startsWith("update environments")) return statement;
        const bind = (...values: unknown[]) => ({
          run: async () => {
            await write(changed, newer);
            return statement.bind(...values).run();
          },
        });
        return { bind };
      },
    });
    expect((await rotate({ ...during, DB })).counts).toMatchObject({ resealed: 1, changed: 1 });
    expect(await read(changed)).toBe(newer);
    expect(await read(left)).toMatch(/^k2\./);
  });

  it("skips credentials that can't be opened, and logs which", async () => {
    const broken = await row("k1.AAAAAAAAAAAAAAAA.AAAA");
    const others = await sealedRow(before);
    // Another environment's, which is not this one's to open.
    const moved = await row(await read(others));
    const { counts, lines } = await rotate(during);
    expect(counts).toEqual({ resealed: 1, changed: 0, unreadable: 2, withoutKey: 0 });
    expect(lines.map(({ event, envId }) => [event, envId])).toEqual([
      ["cleanup.reseal.unreadable", broken],
      ["cleanup.reseal.unreadable", moved],
    ]);
    expect(await read(broken)).toBe("k1.AAAAAAAAAAAAAAAA.AAAA");
    expect(await read(others)).toMatch(/^k2\./);
  });

  it("logs how many name a key that is missing, as when it was dropped too soon", async () => {
    const ids = [await sealedRow(before), await sealedRow(withKeys(3))];
    const texts = await Promise.all(ids.map(read));
    const { counts, lines } = await rotate(after);
    expect(counts).toEqual({ resealed: 0, changed: 0, unreadable: 0, withoutKey: 2 });
    expect(lines).toMatchObject([{ level: "error", event: "cleanup.reseal.keyless", rows: 2 }]);
    expect(await Promise.all(ids.map(read))).toEqual(texts);
  });

  it.each([
    ["environments", "credentials"],
    ["webhooks", "target"],
    ["seal_keys", "sealed"],
  ])(
    "does 2,000 of %s at once, and comes to those behind what can't be opened in the next minute",
    async (table, column) => {
      const { results } = await env.DB.prepare(`select * from ${table}`).all();
      expect(results.filter((row) => row[column] !== null)).toEqual([]);
      await insert(table, Array(2_000).fill("k1.broken.text"));
      const [envId, number] = [await row(null), 2_001];
      const sealed =
        table === "environments"
          ? await seal(before, envId, KEY)
          : table === "webhooks"
            ? await sealTarget(before, envId, { address: "https://hooks.shop.com/", secret: null })
            : await sealText(before, purposeOf(envId, number), "key");
      if (table === "environments") await write(envId, sealed);
      else await insert(table, [sealed], envId, number);
      const texts = () =>
        env.DB.prepare(`select ${column} as text from ${table} where ${column} not like '%.broken.%'`).all();
      const lines = await linesOf(async () => {
        await everyDay(during, Date.now());
      });
      expect(lines.find(({ event }) => event === "cleanup.resealed")).toMatchObject({
        unreadable: 2_000,
        resealed: 0,
      });
      expect((await texts()).results).toEqual([{ text: sealed }]);
      const later = await linesOf(() => everyMinute(during, Date.now()));
      expect(later.find(({ event }) => event === "cleanup.continued")).toMatchObject({
        resealed: 1,
        unreadable: 0,
        finished: true,
      });
      expect((await texts()).results).toEqual([{ text: expect.stringMatching(/^k2\./) }]);
      expect(await env.DB.prepare("select * from unfinished_jobs").all()).toMatchObject({ results: [] });
      if (table !== "environments") await env.DB.prepare(`delete from ${table}`).run();
    },
  );

  it("runs every day before the purge, which runs also if it fails", async () => {
    const id = await sealedRow(before);
    expect(await cronLine("17 3 * * *", "cleanup.resealed")).toMatchObject({ resealed: 1, unreadable: 0 });
    expect(await read(id)).toMatch(/^k2\./);
    const lines = await linesOf(() => everyDay({ ...env, CREDENTIALS_KEYS: "broken" }, Date.now()));
    expect(lines.map(({ event }) => event)).toEqual(["cleanup.reseal.failed", "cleanup.purged"]);
    expect(lines[0]?.error).toMatch(/CREDENTIALS_KEYS must be/);
  });

  it("is shown by `npm run credentials:keys`", async () => {
    for (const keys of [before, before, during]) await sealedRow(keys);
    await row(null);
    await env.DB.prepare(
      "insert into seal_keys (env_id, number, sealed, created_at) values (1, 1, 'k1.n.c', 0)",
    ).run();
    await env.DB.prepare(
      `insert into webhooks (env_id, kind, name, events, target, origin, created_at, updated_at)
       select id, 'standard', 'w', '[]', 'k0.n.c', '', 0, 0 from environments limit 1`,
    ).run();
    const [, sql = ""] = /--command "(.*)"$/.exec(packageJson.scripts["credentials:keys"]) ?? [];
    const { results } = await env.DB.prepare(sql).all();
    expect(results).toEqual([
      { key: "k0", environments: 0, webhooks: 1, workloads: 0 },
      { key: "k1", environments: 2, webhooks: 0, workloads: 1 },
      { key: "k2", environments: 1, webhooks: 0, workloads: 0 },
    ]);
  });
});
