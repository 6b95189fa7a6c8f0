#!/usr/bin/env bash
# commander makes an empty string of the null that an option's parser returns
#
# commander 14.0.3, November 2026.
#
# An option's value may be parsed by a function: `.option("--limit <number>", "…", parse)`, and the option is what the function
# returns. But null, the natural value for "no limit", and undefined are taken for a missing value, and become "" (true for an
# option whose value is optional). Other falsy values, 0 and false, stay.
#
#   --limit 5: 5
#   --limit 0: 0
#   --limit all: ""
#
# For us: `captures records --limit all` asked for pages of no record, since Number("") is 0. "All" is Infinity there now.
#
# Needs Node.js 20 or newer and npm. Exits with 1 when the behaviour has changed, with 2 when it can't be tried.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >npm.log && npm install --silent --ignore-scripts commander@14.0.3 >>npm.log 2>&1 ||
  { cat npm.log >&2; exit 2; }

cat >limit.mjs <<'JS'
import { Command } from "commander";

for (const text of ["5", "0", "all"]) {
  const parse = (given) => (given === "all" ? null : Number(given));
  const program = new Command().option("--limit <number>", "how many, or all", parse);
  program.parse(["--limit", text], { from: "user" });
  console.log(`--limit ${text}: ${JSON.stringify(program.opts().limit)}`);
}
JS
node limit.mjs | tee seen.txt

cat >expected.txt <<'TEXT'
--limit 5: 5
--limit 0: 0
--limit all: ""
TEXT
diff expected.txt seen.txt || { echo "changed: the output is another" >&2; exit 1; }
