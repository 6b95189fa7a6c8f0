import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { quiet } from "./lib/wrangler.ts";

/*
 * `npm run types` writes the types of wrangler.toml's bindings and variables to worker-configuration.d.ts; `npm run check` runs
 * this with `--check`, which fails when the file is not what Wrangler makes. Wrangler's own `--check` compares the configuration
 * only, not the file.
 */

const FILE = "worker-configuration.d.ts";
/** A directive for a linter that this project does not use. */
const DIRECTIVE = "/* eslint-disable */\n";

const before = readFileSync(FILE, "utf8");
execFileSync("wrangler", ["types", FILE, "--include-runtime=false", "--strict-vars=false"], {
  env: quiet,
  stdio: ["ignore", "ignore", "inherit"],
});
const made = readFileSync(FILE, "utf8").replace(DIRECTIVE, "");
const isCheck = process.argv.includes("--check");
writeFileSync(FILE, isCheck ? before : made);
if (isCheck && made !== before) {
  console.error(`${FILE} is stale: run \`npm run types\``);
  process.exit(1);
}
