import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * The workerd that has files of a folder open: of the two of `wrangler dev`, the one with the Worker, D1, R2 and the Durable
 * Objects. The other is Wrangler's proxy, which does not come to itself again when it is killed (wrangler 4.156.2).
 * @returns its process id; undefined when there is none, or the system has no `/proc`
 */
export function workerdOf(folder: string): number | undefined {
  try {
    return processes().find((pid) => isWorkerd(pid) && hasOpen(pid, folder));
  } catch {
    return undefined;
  }
}

function processes(): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

function isWorkerd(pid: number): boolean {
  return read(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) === "workerd";
}

function hasOpen(pid: number, folder: string): boolean {
  const files = read(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return files.some(
    (file) => read(() => readlinkSync(`/proc/${pid}/fd/${file}`))?.startsWith(folder) === true,
  );
}

/** What is asked of a process that may have ended meanwhile. */
function read<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
