import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describeApi } from "../src/openapi/document.ts";

/*
 * `npm run build`: adds the API's description and its reference page to `dist`, which the Worker serves as static assets
 * without running. Whatever else is in `dist` stays.
 */

const DIST = "dist";
const DOCS = join(DIST, "docs");
const PAGE = "src/openapi/page";
const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

mkdirSync(DOCS, { recursive: true });
writeFileSync(join(DIST, "openapi.json"), JSON.stringify(describeApi()));
for (const file of readdirSync(PAGE)) copyFileSync(join(PAGE, file), join(DOCS, file));
for (const file of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
  copyFileSync(join(SWAGGER_UI, file), join(DOCS, file));
}
addHeaders();

/** Adds the reference's headers to those of other static files, in the place of what an earlier build added. */
function addHeaders(): void {
  const begin = "# The API reference";
  const file = join(DIST, "_headers");
  const others = existsSync(file) ? (readFileSync(file, "utf8").split(begin)[0] as string) : "";
  writeFileSync(file, `${others}${begin}\n${readFileSync("src/openapi/headers.txt", "utf8")}`);
}
