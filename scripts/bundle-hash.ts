import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quiet } from "./lib/wrangler.ts";

/*
 * `npm run --silent deploy:hash`: one SHA-256 of what `npm run deploy` would deploy of this commit: the Worker, the console and the
 * migrations. The workflow deploys only what has the hash of what was checked. Source maps are left out: they are not served, and name
 * folders of the machine.
 */

const folder = mkdtempSync(join(tmpdir(), "captures-hash-"));
try {
  execFileSync("wrangler", ["deploy", "--dry-run", "--env", "production", "--minify", "--outdir", folder], {
    env: { ...quiet, NO_COLOR: "1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const hash = createHash("sha256");
  for (const [root, pattern] of [
    [folder, "**/*.js"],
    ["dist", "**/*"],
    ["migrations", "*.sql"],
  ] as const) {
    const files = globSync(pattern, { cwd: root, withFileTypes: true }).filter((file) => file.isFile());
    if (files.length === 0) throw new Error(`${root} has nothing to deploy`);
    const paths = files
      .map((file) => join(file.parentPath, file.name))
      .filter((path) => !path.endsWith(".map"));
    for (const path of paths.sort()) hash.update(`${path.slice(root.length)}\n`).update(readFileSync(path));
  }
  console.log(hash.digest("hex"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
