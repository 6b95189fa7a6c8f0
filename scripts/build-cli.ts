import { readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

/*
 * Builds the package @captures/cli (its `prepack`): one file of its own source and the client's, with its dependencies outside.
 */

const folder = new URL("../src/cli/", import.meta.url);
const { dependencies } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
  dependencies: Record<string, string>;
};
const outdir = new URL("dist/", folder).pathname;
rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: [new URL("main.ts", folder).pathname],
  outdir,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
  logLevel: "warning",
});
