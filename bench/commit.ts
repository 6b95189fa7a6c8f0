import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { bundle, LAB_WITHOUT_R2, type Lab, scratchFolder } from "./workerd.ts";

/* The lab of an earlier commit: of the code of that day, with the dependencies of that day. */

const run = promisify(execFile);
/** What is made of a commit is kept by its hash, which names it for ever. */
const KEPT = "node_modules/.cache/captures-bench";
/** What is put beside that commit's lab. */
const ADDED = [LAB_WITHOUT_R2, "bench/worker/pretended-gc.ts"];

/**
 * Bundles a commit's own `bench/worker/lab.ts`. It is checked out into a temporary folder, where `npm ci` installs its
 * dependencies; the bundle is kept for the next run, the rest is not.
 * @param commit a hash, a branch or whatever else git takes for a commit
 */
export async function labOfCommit(commit: string): Promise<Lab> {
  const hash = await hashOf(commit);
  const kept = resolve(KEPT, hash);
  if (!existsSync(kept)) {
    const made = await makeLab(hash);
    mkdirSync(KEPT, { recursive: true });
    renameSync(made, kept);
  }
  return { bundle: join(kept, "bundle", "lab-without-r2.js"), config: join(kept, "wrangler.toml") };
}

/** The whole hash of a commit. @throws Error when there is none of that name */
async function hashOf(commit: string): Promise<string> {
  const { stdout } = await run("git", ["rev-parse", "--verify", "--end-of-options", `${commit}^{commit}`]);
  return stdout.trim();
}

/** Checks a commit out and bundles its lab. @returns a folder with the bundle and the configuration that it is run by */
async function makeLab(hash: string): Promise<string> {
  console.error(`Building ${hash}: its dependencies are installed, which takes a minute or two`);
  // Beside what is kept, so that it can be moved there.
  mkdirSync(KEPT, { recursive: true });
  const [source, made] = [scratchFolder(), scratchFolder(KEPT)];
  await run("sh", ["-c", 'git archive "$1" | tar -x -C "$2"', "sh", hash, source]);
  await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: source });
  for (const file of ADDED) copyFileSync(file, join(source, file));
  const main = await bundle(LAB_WITHOUT_R2, source, { root: source });
  const folder = join(made, "lab");
  mkdirSync(folder);
  await run("cp", ["-R", join(main, ".."), join(folder, "bundle")]);
  copyFileSync(join(source, "wrangler.toml"), join(folder, "wrangler.toml"));
  return folder;
}
