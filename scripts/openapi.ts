import { readFileSync, writeFileSync } from "node:fs";
import { describeApi } from "../src/openapi/document.ts";

/*
 * `npm run openapi` writes the API's description to src/openapi/openapi.json, where people review what of the API changes;
 * `npm run check` runs this with `--check`, which fails when the file is not what the code describes.
 */

const FILE = "src/openapi/openapi.json";
const LINE_WIDTH = 130;

const described = `${print(describeApi())}\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(FILE, described);
} else if (readFileSync(FILE, "utf8") !== described) {
  console.error(`${FILE} is stale: run \`npm run openapi\`, and look at what changes`);
  process.exit(1);
}

/** JSON to be read: what fits a line is on one, so that a change is seen with what it belongs to. */
function print(value: unknown, indent = "", before = 0): string {
  const line = JSON.stringify(value, null, 1)?.replaceAll(/\n\s*/g, " ");
  if (indent.length + before + line.length <= LINE_WIDTH || typeof value !== "object" || value === null)
    return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => inner + print(item, inner))
    : Object.entries(value).map(([name, item]) => {
        const key = `${JSON.stringify(name)}: `;
        return inner + key + print(item, inner, key.length);
      });
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}
