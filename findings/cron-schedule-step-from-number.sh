#!/usr/bin/env bash
# cron-schedule reads `5/15` as 5 alone, without a word, where croner refuses it
#
# cron-schedule 6.0.0 and croner 11.0.1, November 2026.
#
# Of a field like `5/15` Quartz, Jenkins and others make "every 15 from 5 on": 5, 20, 35, 50. croner refuses it with an
# explanation. cron-schedule takes the number before the slash and drops the rest, so that a job of four times an hour runs once.
#
#   cron-schedule: 0:05 1:05 2:05 3:05
#   croner: refused
#
# For us: a schedule would have been made four times as rarely as it was meant to. Cron expressions are held against a strict grammar before
# cron-schedule sees them, and this one is refused, too.
#
# Needs Node.js 20 or newer and npm. Exits with 1 when the behaviour has changed, with 2 when it can't be tried.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >npm.log && npm install --silent --ignore-scripts cron-schedule@6.0.0 croner@11.0.1 >>npm.log 2>&1 ||
  { cat npm.log >&2; exit 2; }

cat >step.mjs <<'JS'
import { parseCronExpression } from "cron-schedule";
import { Cron } from "croner";

process.env.TZ = "UTC";
const from = new Date("2026-11-28T00:00:00Z");
const shown = (times) => times.map((at) => `${at.getUTCHours()}:${String(at.getUTCMinutes()).padStart(2, "0")}`).join(" ");
console.log(`cron-schedule: ${shown(parseCronExpression("5/15 * * * *").getNextDates(4, from))}`);
try {
  console.log(`croner: ${shown(new Cron("5/15 * * * *", { timezone: "UTC" }).nextRuns(4, from))}`);
} catch {
  console.log("croner: refused");
}
JS
node step.mjs | tee seen.txt

cat >expected.txt <<'TEXT'
cron-schedule: 0:05 1:05 2:05 3:05
croner: refused
TEXT
diff expected.txt seen.txt || { echo "changed: the output is another" >&2; exit 1; }
