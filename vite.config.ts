import { resolve } from "node:path";
import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

/** The console (src/console) becomes a part of `dist` (scripts/build.ts), which the Worker serves as static assets. */
export default defineConfig({
  root: "src/console",
  // What the console has no use for, as src/client/captures.ts imports it.
  resolve: { alias: [{ find: /^\.\/watch\.ts$/, replacement: resolve("src/console/api/no-watch.ts") }] },
  plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false })],
  build: {
    outDir: "../../dist",
    // scripts/build.ts takes away what is old.
    emptyOutDir: false,
    target: "es2024",
    // The Content-Security-Policy allows no script or style but those of files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Each page is a file of its own (src/console/pages.tsx). What several of them use is one, rather than one for each set of pages.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "shared", minShareCount: 4 }] } },
    },
  },
});
