#!/usr/bin/env bash
# better-auth's rate limiter refuses requests that come steadily, far below the limit: each one begins the window anew
#
# better-auth 1.7.25, November 2026.
#
# `rateLimit: { window, max }` reads as at most `max` requests in `window` seconds. The window is measured from the last request
# that was let through, and the count is begun anew only after a pause that is as long as the window. Requests which come without
# such a pause are added up for ever: with 3 in 2 seconds, and a request every 1.2 seconds, there are never more than two in any
# 2 seconds, and yet the fourth is refused:
#
#   at 0.0 s: 200
#   at 1.2 s: 200
#   at 2.4 s: 200
#   at 3.6 s: 429
#
# The limits of the API key plugin, which are known to do so, are other code; this is the limiter of every endpoint, which counts
# by address, with the memory and with the database as its storage.
#
# For us: an office behind one address loads the console's pages steadily, and after 100 of them its session was not read any
# more. Limits are counted by a storage of our own, in windows that begin with their first request.
#
# Needs Node.js 20 or newer and npm. Exits with 1 when the behaviour has changed, with 2 when it can't be tried.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >npm.log && npm install --silent --ignore-scripts better-auth@1.7.25 >>npm.log 2>&1 ||
  { cat npm.log >&2; exit 2; }

cat >steadily.mjs <<'JS'
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";

const tables = { user: [], session: [], account: [], verification: [] };
const auth = betterAuth({
  baseURL: "http://service.example",
  secret: "a secret of this script, of 40 characters",
  database: memoryAdapter(tables),
  rateLimit: { enabled: true, window: 2, max: 3 },
  advanced: { ipAddress: { ipAddressHeaders: ["x-forwarded-for"] } },
});

for (let i = 0; i < 4; i++) {
  const request = new Request("http://service.example/api/auth/get-session", {
    headers: { "x-forwarded-for": "192.0.2.7" },
  });
  const { status } = await auth.handler(request);
  console.log(`at ${(1.2 * i).toFixed(1)} s: ${status}`);
  await new Promise((resolve) => setTimeout(resolve, 1200));
}
JS
node steadily.mjs 2>messages.txt | tee seen.txt

cat >expected.txt <<'TEXT'
at 0.0 s: 200
at 1.2 s: 200
at 2.4 s: 200
at 3.6 s: 429
TEXT
diff expected.txt seen.txt || { echo "changed: the requests are answered otherwise" >&2; exit 1; }
