import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

/*
 * Builds the package @captures/cli (its `prepack`): a file of its own source and the client's, and one for threads, with its dependencies outside.
 */

const folder = new URL("../src/cli/", import.meta.url);
const { dependencies } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
  dependencies: Record<string, string>;
};
const outdir = new URL("dist/", folder).pathname;
rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: {
    main: new URL("main.ts", folder).pathname,
    // A thread of a replay has a file of its own (src/cli/replay/threads.ts).
    "replay-worker": new URL("replay/replay-worker.ts", folder).pathname,
  },
  outdir,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
  logLevel: "warning",
});
copyFileSync(new URL("../LICENSE", import.meta.url), new URL("LICENSE", folder));
