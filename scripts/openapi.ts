import { readFileSync, writeFileSync } from "node:fs";
import { describeApi } from "../src/openapi/document.ts";

/*
 * `npm run openapi` writes the API's description to src/openapi/openapi.json, where people review what of the API changes;
 * `npm run check` runs this with `--check`, which fails when the file is not what the code describes.
 */

const FILE = "src/openapi/openapi.json";

const described = `${JSON.stringify(describeApi(), null, 2)}\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(FILE, described);
} else if (readFileSync(FILE, "utf8") !== described) {
  console.error(`${FILE} is stale: run \`npm run openapi\`, and look at what changes`);
  process.exit(1);
}
