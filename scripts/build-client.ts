import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { declare } from "./lib/declarations/declare.ts";

/*
 * Builds the package @captures/client (its `prepack`): modules for all platforms, and a file of declarations for each, which needs no
 * other. The types of the source are those of the service's schemas; here they are written out.
 */

const folder = fileURLToPath(new URL("../src/client/", import.meta.url));
const root = fileURLToPath(new URL("../", import.meta.url));

/** What Node.js 20 knows, and browsers since 2022. */
const TARGET = "es2022";

/** What the package exports: the file of each module. */
const ENTRIES = ["index", "account"];
const sources = ENTRIES.map((entry) => `${folder}${entry}.ts`);

rmSync(`${folder}dist`, { recursive: true, force: true });
await build({
  entryPoints: sources,
  outdir: `${folder}dist`,
  bundle: true,
  // What both have is in a file of its own, so that an error of one is an error of the other.
  splitting: true,
  chunkNames: "shared-[hash]",
  format: "esm",
  platform: "neutral",
  target: TARGET,
  logLevel: "warning",
});
const openApi = JSON.parse(readFileSync(`${root}src/openapi/openapi.json`, "utf8"));
for (const [index, text] of declare(sources, `${folder}tsconfig.json`, openApi).entries()) {
  writeFileSync(`${folder}dist/${ENTRIES[index]}.d.ts`, text);
}
copyFileSync(`${root}LICENSE`, `${folder}LICENSE`);
