import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where the local data is kept. */
export const persistTo = process.env.PERSIST_TO ?? ".wrangler/state";

const lockFile = join(persistTo, "dev.pid");

/** The process that runs the service on the local data, if one does. */
export function runningService(): number | null {
  let pid: number;
  try {
    pid = Number(readFileSync(lockFile, "utf8"));
    process.kill(pid, 0);
  } catch {
    // No file, or one that a killed process has left.
    return null;
  }
  return pid === process.pid ? null : pid;
}

/** Notes that this process runs the service on the local data, until it ends. */
export function holdState(): void {
  mkdirSync(persistTo, { recursive: true });
  writeFileSync(lockFile, String(process.pid));
  process.once("exit", () => rmSync(lockFile, { force: true }));
}
