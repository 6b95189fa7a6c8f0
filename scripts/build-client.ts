import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { declare } from "./lib/declarations/declare.ts";

/*
 * Builds the package @captures/client (its `prepack`): one module for all platforms, and one file of declarations, which needs no
 * other. The types of the source are those of the service's schemas; here they are written out.
 */

const folder = fileURLToPath(new URL("../src/client/", import.meta.url));
const root = fileURLToPath(new URL("../", import.meta.url));

/** What Node.js 20 knows, and browsers since 2022. */
const TARGET = "es2022";

rmSync(`${folder}dist`, { recursive: true, force: true });
mkdirSync(`${folder}dist`);
await build({
  entryPoints: [`${folder}index.ts`],
  outfile: `${folder}dist/index.js`,
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: TARGET,
  legalComments: "none",
  logLevel: "warning",
});
const openApi = JSON.parse(readFileSync(`${root}src/openapi/openapi.json`, "utf8"));
const declarations = declare(`${folder}index.ts`, `${folder}tsconfig.json`, openApi);
writeFileSync(`${folder}dist/index.d.ts`, declarations);
copyFileSync(`${root}LICENSE`, `${folder}LICENSE`);
