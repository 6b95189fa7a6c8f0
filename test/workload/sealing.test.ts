import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { makeTransition } from "../../src/captures/runner-store.ts";
import { RESEAL_JOBS } from "../../src/cleanup/rotation.ts";
import type { Env } from "../../src/env.ts";
import { sealsAll } from "../../src/env.ts";
import type { FullEnvironment } from "../../src/environments/replies.ts";
import { renewSealKeys, SEAL_KEYS, type SealedCapture } from "../../src/environments/seal-keys.ts";
import type { Workload, WorkloadDigest } from "../../src/workload/replies.ts";
import { storeOf } from "../../src/workload/stored/object-store.ts";
import { type Cast, createCapture, createCast, expectRefusal, linesOf } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import {
  captureIn,
  download,
  downloadRecords,
  ended,
  record,
  type Stored,
  type Version,
  workloadReads,
} from "../support/stored-workload.ts";
import { runAlarm, travel, until } from "../support/time.ts";

let cast: Cast;
beforeAll(async () => {
  cast = await createCast();
});

const envOf = (theirs: Cast) => `/api/environments/${theirs.environment.id}`;
const KEY_2 = btoa("another key of thirty-two bytes!");

/** What the database says of a capture's seal. */
const sealedCapture = async (id: number) =>
  (await env.DB.prepare(`select c.env_id as envId, ${SEAL_KEYS} from captures c where c.id = ?1`)
    .bind(id)
    .first<SealedCapture>()) as SealedCapture;

const rawObjects = async (id: number) => {
  const { objects } = await env.BUCKET.list({
    prefix: `captures/${id}/workload/`,
    include: ["customMetadata"],
  });
  return objects;
};

/** The same workload twice: as it is, and sealed. */
async function twice(version: Version = 2): Promise<{ plain: Stored & { id: number }; sealed: number }> {
  const fragments = [
    [[record(1, "SELECT 'first'"), record(5, "SELECT 2")], [record(9, "SELECT 'more of it'")]],
    [[record(20, `SELECT '${"long ".repeat(4000)}'`)]],
  ];
  const plain = await ended(cast, fragments, version);
  const sealed = await captureIn(cast, "DONE");
  await env.DB.prepare("update captures set sealed = 1 where id = ?1").bind(sealed).run();
  const store = storeOf(env, await sealedCapture(sealed));
  for (const { key, customMetadata = {} } of await rawObjects(plain.id)) {
    const object = await env.BUCKET.get(key);
    const bytes = new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer());
    const isJson = key.endsWith(".json");
    const text = new TextDecoder().decode(bytes).replace(`"captureId":${plain.id}`, `"captureId":${sealed}`);
    const metadata = customMetadata.version === "2" ? { ...customMetadata, version: "3" } : customMetadata;
    const copy = key.replace(`captures/${plain.id}/`, `captures/${sealed}/`);
    await store.put(copy, isJson ? text : bytes, { customMetadata: metadata });
  }
  return { plain, sealed };
}

describe("a sealed workload", () => {
  it.each([1, 2] as const)(
    "is downloaded, searched and shown as one that is not, of version %i",
    async (version) => {
      const { plain, sealed } = await twice(version);
      for (const query of [
        "",
        "?format=ndjson",
        "?format=log",
        "?format=sql",
        "?format=csv",
        "?threadId=8",
      ]) {
        const [one, other] = [
          await download(cast.member, plain.id, query),
          await download(cast.member, sealed, query),
        ];
        const naming = (bytes: Uint8Array) =>
          new TextDecoder().decode(bytes).replaceAll(/apture \d+/g, "apture");
        if (query === "") expect(other).toEqual(one);
        else expect(naming(other)).toBe(naming(one));
      }
      const reads = ["", "/amazon", "/digest", "/tables", "/users", "/records?contains=more", "/sessions/8"];
      for (const read of reads) {
        const of = async (id: number) => {
          const { status, body } = await cast.member.get(`/api/captures/${id}/workload${read}`);
          return [read, status, body];
        };
        expect(await of(sealed)).toEqual(await of(plain.id));
      }
    },
  );

  it("has nothing in R2 that can be read, each object by itself, and a tag's bytes more", async () => {
    const { plain, sealed } = await twice();
    const [before, after] = [await rawObjects(plain.id), await rawObjects(sealed)];
    expect(after.map(({ key }) => key.split("/").at(-1))).toEqual(
      before.map(({ key }) => key.split("/").at(-1)),
    );
    const seals = after.map(({ customMetadata = {} }) => customMetadata.sealed);
    expect(new Set(seals).size).toBe(after.length);
    for (const { key } of after) {
      const text = await (await env.BUCKET.get(key))?.text();
      for (const word of ["SELECT", "select", "records", "statement"]) expect(text).not.toContain(word);
    }
    const sizeOf = (objects: R2Object[]) => objects.reduce((sum, { size }) => sum + size, 0);
    expect(sizeOf(after) - sizeOf(before)).toBeLessThanOrEqual(16 * after.length + 16);
  });

  it("is damage in words where an object was changed, cut off, swapped, not sealed, or its key is gone", async () => {
    const digestOf = (id: number) => `captures/${id}/workload/digest.json`;
    const rawOf = async (key: string) => {
      const object = (await env.BUCKET.get(key)) as R2ObjectBody;
      return {
        bytes: new Uint8Array(await object.arrayBuffer()),
        customMetadata: object.customMetadata ?? {},
      };
    };
    const damages: Record<string, (id: number) => Promise<unknown>> = {
      changed: async (id) => {
        const { bytes, customMetadata } = await rawOf(digestOf(id));
        bytes[3] = (bytes[3] ?? 0) ^ 1;
        await env.BUCKET.put(digestOf(id), bytes, { customMetadata });
      },
      "cut off": async (id) => {
        const { bytes, customMetadata } = await rawOf(digestOf(id));
        await env.BUCKET.put(digestOf(id), bytes.subarray(0, -1), { customMetadata });
      },
      "another capture's": async (id) => {
        const { bytes, customMetadata } = await rawOf(digestOf((await twice()).sealed));
        await env.BUCKET.put(digestOf(id), bytes, { customMetadata });
      },
      "not sealed": async (id) =>
        env.BUCKET.put(digestOf(id), '{"version":1,"capacity":0,"total":0,"entries":[]}'),
      "of a key that is gone": async (id) => {
        const { bytes, customMetadata } = await rawOf(digestOf(id));
        const sealed = String(customMetadata.sealed).replace("1.1.", "1.9.");
        await env.BUCKET.put(digestOf(id), bytes, { customMetadata: { ...customMetadata, sealed } });
      },
    };
    for (const [how, damage] of Object.entries(damages)) {
      const { sealed } = await twice();
      await damage(sealed);
      const lines = await linesOf(async () => {
        const reply = await cast.member.get(`/api/captures/${sealed}/workload/digest`);
        expectRefusal(reply, 500, /^What is stored of this capture's workload can't be opened/);
      });
      expect(lines, how).toContainEqual(expect.objectContaining({ event: "workload.sealed.broken" }));
    }
  });

  it("answers so wherever it is read", async () => {
    const [{ sealed }, { plain }] = [await twice(), await twice()];
    for (const { key } of await rawObjects(sealed)) await env.BUCKET.put(key, "not sealed");
    await env.BUCKET.put(`captures/${sealed}/workload/series.gz`, "not sealed", {
      customMetadata: { indexBytes: "4" },
    });
    for (const read of workloadReads(plain.id)) {
      const reply = await cast.member.get(`/api/captures/${sealed}/workload${read}`);
      expectRefusal(reply, 500, /^What is stored of this capture's workload can't be opened/);
    }
  });

  it("says of a damaged fragment that it is missing where records are looked for, and never sends wrong ones", async () => {
    const { sealed } = await twice();
    const key = `captures/${sealed}/workload/00000000.ndjson.deflate`;
    const object = (await env.BUCKET.get(key)) as R2ObjectBody;
    const bytes = new Uint8Array(await object.arrayBuffer());
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await env.BUCKET.put(key, bytes, { customMetadata: object.customMetadata ?? {} });
    const { body } = await cast.member.get<{ records: unknown[]; missing: unknown[] }>(
      `/api/captures/${sealed}/workload/records`,
    );
    expect(body.missing).toHaveLength(1);
    expect(body.records).toHaveLength(1);
    await expect(download(cast.member, sealed)).rejects.toThrow();
  });
});

describe("a sealed environment", () => {
  it("seals what its captures record from their start on, while they run and after", async () => {
    const theirs = await createCast();
    const { admin, aws } = theirs;
    const changed = await admin.put<FullEnvironment>(envOf(theirs), { sealed: true });
    expect(changed.body.sealed).toBe(true);
    await aws.setWorkload(aws.instance, { seed: 3, rate: 20 });
    const capture = await until(
      admin,
      await createCapture(admin, { envId: theirs.environment.id, log: "both" }),
      "RUNNING",
    );
    // Turned off again: what runs goes on as it began.
    await admin.put(envOf(theirs), { sealed: false });
    for (let round = 0; round < 4; round++) {
      await travel(aws, 3000);
      await runAlarm(capture);
    }
    const live = await admin.get<{ records: unknown[] }>(`/api/captures/${capture.id}/workload/records`);
    expect(live.body.records.length).toBeGreaterThan(0);
    await admin.post(`/api/captures/${capture.id}/stop`);
    await travel(aws, 2000);
    await until(admin, capture, "DONE");
    const objects = await rawObjects(capture.id);
    expect(objects.length).toBeGreaterThan(4);
    for (const { key, customMetadata } of objects)
      expect([key, customMetadata?.sealed]).toEqual([key, expect.any(String)]);
    const path = `/api/captures/${capture.id}/workload`;
    const { body: workload } = await admin.get<Workload>(path);
    const records = await downloadRecords(admin, capture.id);
    expect(records.length).toBe(workload.logs[0]?.records);
    expect((await admin.get<WorkloadDigest[]>(`${path}/digest`)).body.length).toBeGreaterThan(3);
    expect((await admin.get<{ points: unknown[] }>(`${path}/series`)).body.points.length).toBeGreaterThan(0);
    expect((await admin.get(`${path}/series/statements`)).status).toBe(200);
  });

  it("is each one where the operator seals all", async () => {
    for (const all of [true, false]) {
      const id = await captureIn(cast, "STARTING");
      const capture = { id, scheduledStart: null, scheduledEnd: null };
      await env.DB.prepare("update captures set scheduled_start = null where id = ?1").bind(id).run();
      const now = Date.now();
      const transition = { from: "STARTING", to: "RUNNING", start: now } as const;
      expect(await makeTransition(env.DB, capture, transition, "runner", now, null, all)).toMatchObject({
        moved: true,
      });
      expect(await sealedCapture(id)).toMatchObject({ sealed: Number(all) });
    }
    expect([sealsAll({ SEAL_WORKLOADS: "all" }), sealsAll({ SEAL_WORKLOADS: "chosen" })]).toEqual([
      true,
      false,
    ]);
    expect(() => sealsAll({ SEAL_WORKLOADS: "sometimes" })).toThrow(/must be "all" or "chosen"/);
  });

  it("gets another key after a time, and what the ones before have sealed still opens", async () => {
    const { sealed } = await twice();
    const before = await download(cast.member, sealed);
    expect(await renewSealKeys(env, 0, Date.now(), 100)).toBe(0);
    expect(await renewSealKeys(env, Date.now() + 1000, Date.now(), 100)).toBeGreaterThan(0);
    const keys = JSON.parse((await sealedCapture(sealed)).sealKeys ?? "[]") as [number, string][];
    expect(keys.map(([number]) => number)).toEqual([1, 2]);
    const store = storeOf(env, await sealedCapture(sealed));
    const key = `captures/${sealed}/workload/new`;
    await store.put(key, "new");
    expect((await env.BUCKET.head(key))?.customMetadata?.sealed).toMatch(/^1\.2\./);
    expect(await (await store.get(key))?.text()).toBe("new");
    expect(await download(cast.member, sealed)).toEqual(before);
  });

  it("has its keys sealed anew with the first of CREDENTIALS_KEYS, and opens as before", async () => {
    const { sealed } = await twice();
    const before = await download(cast.member, sealed);
    const rotated = { ...env, CREDENTIALS_KEYS: `new:${KEY_2},${env.CREDENTIALS_KEYS}` };
    const reseal = async (keys: Env) => (await RESEAL_JOBS["reseal.sealKey"]?.(keys, Date.now(), 0))?.counts;
    expect((await reseal(rotated))?.resealed).toBeGreaterThan(0);
    expect(await reseal(rotated)).toEqual({ resealed: 0, changed: 0, unreadable: 0 });
    const only = { CREDENTIALS_KEYS: `new:${KEY_2}` };
    expect(await download(cast.member, sealed, "", only)).toEqual(before);
    const back = { ...env, CREDENTIALS_KEYS: `${env.CREDENTIALS_KEYS},new:${KEY_2}` };
    await reseal(back);
    expect((await cast.member.get(`/api/captures/${sealed}/workload`)).status).toBe(200);
  });

  it("loses its keys when it is erased: no copy of what they have sealed opens any more", async () => {
    const theirs = await createCast();
    const id = await captureIn(theirs, "DONE");
    await env.DB.prepare("update captures set sealed = 1 where id = ?1").bind(id).run();
    const capture = await sealedCapture(id);
    await storeOf(env, capture).put(`captures/${id}/workload/x`, "sealed");
    const after = await sealedCapture(id);
    expect(after.sealKeys).toContain(".");
    await theirs.admin.post(`${envOf(theirs)}/erasure`, { what: "environment" });
    expect(await sealedCapture(id)).toMatchObject({ sealKeys: "[]" });
    await expect(storeOf(env, { ...capture, sealKeys: "[]" }).put("captures/0/x", "x")).rejects.toThrow(
      /no key/,
    );
    await expect(
      storeOf(env, { ...capture, sealKeys: "[]" }).get(`captures/${id}/workload/x`),
    ).rejects.toThrow(/the key that opens it is not there any more/);
    await everyMinute();
  });
});
