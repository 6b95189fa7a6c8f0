#!/usr/bin/env bash
# reset() of cloudflare:test deletes nothing of what was idle for ten seconds: D1, R2, KV and Durable Objects keep their data
#
# @cloudflare/vitest-plugin 1.5.0 with vitest 5.1.1 and wrangler 4.156.2 (workerd 1.20261102.1), November 2026.
#
# `reset()` is described as "deletes all data from all attached bindings", to be called after each test. It deletes the storage of
# the Durable Objects that are in memory, and locally D1, R2 and KV are such objects, too. workerd takes an object out of memory
# when it had no request for 10 seconds. Its file stays, and reset() passes over it: it reports no error, and the next test reads
# what the last one wrote. To read it puts the objects back in memory, so that the next reset() does delete it:
#
#   reset at once: D1 deleted, R2 deleted, KV deleted, object deleted
#   reset after 12 s: D1 kept, R2 kept, KV kept, object kept
#   reset once more: D1 deleted, R2 deleted, KV deleted, object deleted
#
# For us: files of tests that store something do not share a workerd with reset() between them, although that would save the time
# to start one. One test that waits for ten seconds would leave its rows to the next file. Each file has a workerd of its own,
# whose storage begins empty.
#
# Needs Node.js 22.12 or newer and npm. Exits with 1 when the behaviour has changed, with 2 when it can't be tried.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >npm.log &&
  npm install --silent --ignore-scripts vitest@5.1.1 @cloudflare/vitest-plugin@1.5.0 wrangler@4.156.2 >>npm.log 2>&1 ||
  { cat npm.log >&2; exit 2; }

cat >worker.mjs <<'JS'
import { DurableObject } from "cloudflare:workers";

export class Keeper extends DurableObject {
  async write() {
    await this.ctx.storage.put("key", "value");
  }
  async has() {
    return (await this.ctx.storage.get("key")) !== undefined;
  }
}
export default { fetch: () => new Response() };
JS

cat >vitest.config.mjs <<'JS'
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const miniflare = {
  compatibilityDate: "2026-11-01",
  d1Databases: ["DB"],
  r2Buckets: ["BUCKET"],
  kvNamespaces: ["KV"],
  durableObjects: { KEEPER: { className: "Keeper", useSQLite: true } },
};
export default defineConfig({
  plugins: [cloudflareTest({ main: "./worker.mjs", miniflare })],
  test: { include: ["reset.mjs"], testTimeout: 60_000 },
});
JS

cat >reset.mjs <<'JS'
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { test } from "vitest";

const object = () => env.KEEPER.get(env.KEEPER.idFromName("one"));

async function write() {
  await env.DB.exec("create table kept (value text)");
  await env.BUCKET.put("key", "value");
  await env.KV.put("key", "value");
  await object().write();
}

async function show(when) {
  const tables = env.DB.prepare("select name from sqlite_master where name = 'kept'");
  const found = {
    D1: (await tables.first()) !== null,
    R2: (await env.BUCKET.head("key")) !== null,
    KV: (await env.KV.get("key")) !== null,
    object: await object().has(),
  };
  console.log(`reset ${when}: ${Object.entries(found).map(([name, is]) => `${name} ${is ? "kept" : "deleted"}`).join(", ")}`);
}

test("reset", async () => {
  await write();
  await reset();
  await show("at once");

  await write();
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  await reset();
  await show("after 12 s");

  await reset();
  await show("once more");
});
JS
npx vitest run --no-color >vitest.log 2>&1 || { cat vitest.log >&2; exit 2; }
sed -n '/^reset [a-z0-9 ]*: /p' vitest.log | tee seen.txt

cat >expected.txt <<'TEXT'
reset at once: D1 deleted, R2 deleted, KV deleted, object deleted
reset after 12 s: D1 kept, R2 kept, KV kept, object kept
reset once more: D1 deleted, R2 deleted, KV deleted, object deleted
TEXT
diff expected.txt seen.txt || { echo "changed: the output is another" >&2; exit 1; }
