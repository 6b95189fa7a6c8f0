import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { build } from "vite";
import { describeApi } from "../src/openapi/document.ts";

/*
 * `npm run build`: makes `dist`, which the Worker serves as static assets without running: the console, and the API's
 * description with its reference page. Files of an earlier build are removed only after the new ones are there: `wrangler dev` may
 * be serving them. With SKIP_BUILD=1 it makes nothing.
 */

// `.ci/run` has built before its suites run side by side.
if (process.env.SKIP_BUILD === "1") process.exit(0);

const DIST = "dist";
const DOCS = join(DIST, "docs");
const PAGE = "src/openapi/page";
const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
/** Of the 100 rules that `_headers` may have, as many as the files of HEADERS leave. Cloudflare ignores the rest without an error. */
const MAX_ASSETS = 90;
const HEADERS = ["src/console/headers.txt", "src/openapi/headers.txt"];

const made = new Set<string>();

await buildConsole();
write(join(DIST, "openapi.json"), JSON.stringify(describeApi()));
for (const file of readdirSync(PAGE)) copy(join(PAGE, file), join(DOCS, file));
for (const file of ["swagger-ui.css", "swagger-ui-bundle.js"]) copy(join(SWAGGER_UI, file), join(DOCS, file));
write(join(DIST, "_headers"), [...HEADERS.map((file) => readFileSync(file, "utf8")), keptForGood()].join(""));
prune();

async function buildConsole(): Promise<void> {
  const built = await build({ logLevel: "warn" });
  if (!("output" in built)) throw new Error("Vite makes more than one bundle of the console");
  for (const { fileName } of built.output) made.add(join(DIST, fileName));
  const unbundled = "src/console/public";
  for (const file of readdirSync(unbundled)) made.add(join(DIST, file));
}

/**
 * Lets browsers cache files with a content hash in their name. Each by its whole name: for a missing file the console's page is
 * answered, which must not be cached in its place.
 */
function keptForGood(): string {
  const assets = [...made].filter((file) => file.startsWith(join(DIST, "assets")));
  if (assets.length > MAX_ASSETS)
    throw new Error(`The console is ${assets.length} files: not all get a rule`);
  return assets
    .map(
      (file) =>
        `/${relative(DIST, file)}\n  ! Cache-Control\n  Cache-Control: public, max-age=31536000, immutable\n`,
    )
    .join("");
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  made.add(file);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  made.add(to);
}

/** Removes the files that this build has not made. */
function prune(): void {
  for (const entry of readdirSync(DIST, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !made.has(path)) rmSync(path);
  }
}
