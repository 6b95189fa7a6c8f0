#!/usr/bin/env bash
# fetch of Node.js reads a gzip body that was cut short as if it was whole: no error, and half of the text
#
# undici 7.30.2 (the fetch of Node.js 24.21.0 does the same), November 2026.
#
# A reply with `Content-Encoding: gzip` is decompressed with a flush that accepts a missing end. Where the server, or a proxy, sends
# a part of the gzip member in a reply that is complete as HTTP (its Content-Length is that of the part), `text()` resolves with what
# could be decompressed. gunzip and `curl --compressed` fail for the same bytes: "unexpected end of file".
#
#   whole: 400000 characters
#   cut short: 188861 characters, no error
#   gunzip of the same bytes: unexpected end of file
#
# For us: a download that was cut by a proxy looked whole. The command line asks for the gzip file itself, decompresses it strictly,
# and keeps no part of it.
#
# Needs Node.js 20 or newer and npm. Exits with 1 when the behaviour has changed, with 2 when it can't be tried.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >npm.log && npm install --silent --ignore-scripts undici@7.30.2 >>npm.log 2>&1 ||
  { cat npm.log >&2; exit 2; }

cat >cut.mjs <<'JS'
import { createServer } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import { fetch } from "undici";

const whole = gzipSync("one\n".repeat(100_000));
const half = whole.subarray(0, whole.length >> 1);
const server = createServer((request, reply) => {
  const bytes = request.url === "/whole" ? whole : half;
  reply.writeHead(200, { "content-encoding": "gzip", "content-length": bytes.length });
  reply.end(bytes);
});
await new Promise((resolve) => server.listen(0, resolve));
const read = async (path) => (await (await fetch(`http://localhost:${server.address().port}${path}`)).text()).length;
console.log(`whole: ${await read("/whole")} characters`);
const length = await read("/half");
console.log(`cut short: ${length > 0 && length < 400_000 ? "fewer" : length} characters, no error`);
try {
  gunzipSync(half);
} catch (error) {
  console.log(`gunzip of the same bytes: ${error.message}`);
}
server.close();
JS
node cut.mjs | tee seen.txt

cat >expected.txt <<'TEXT'
whole: 400000 characters
cut short: fewer characters, no error
gunzip of the same bytes: unexpected end of file
TEXT
diff expected.txt seen.txt || { echo "changed: the output is another" >&2; exit 1; }
