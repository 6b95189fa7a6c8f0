import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logTime, writeBusyLog } from "./busy-log.ts";
import { tryPort } from "./ports.ts";
import { startService, stopGroup } from "./service.ts";

/** A service on this machine, and the log that its instance `mariadb` has written already. */
export interface WrittenLog {
  address: string;
  /** Of the service. */
  pid: number;
  statements: number;
  /** The log's time, in seconds since the epoch. */
  from: number;
  to: number;
}

/** The fields of a capture of all of the log. */
export const windowOf = ({ from, to }: WrittenLog): { start: string; duration: number } => ({
  start: new Date(from * 1000).toISOString(),
  duration: to - from,
});

/** Writes so much of a general log, starts a service that has it, and stops and removes both after `run`. */
export async function withWrittenLog(
  megabytes: number,
  run: (log: WrittenLog) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "captures-measure-"));
  const file = join(folder, "general.log");
  const to = Math.floor(Date.now() / 1000) - 60;
  const from = to - 3000;
  const statements = await writeBusyLog(file, megabytes, from, to);
  const [port, awsPort] = [await tryPort(0), await tryPort(0)];
  const variables = { PORT: String(port), AWS_PORT: String(awsPort), PERSIST_TO: join(folder, "state") };
  const service = await startService(variables, ["--general-log", file]);
  // Records from after the window, as the server goes on doing: a log that nobody writes to is taken for one that is off.
  const writing = setInterval(() => {
    appendFileSync(file, `${logTime(Math.floor(Date.now() / 1000))}\t    10 Query\tSELECT 1\n`);
  }, 1000);
  try {
    await run({ address: `http://localhost:${port}`, pid: service.pid as number, statements, from, to });
  } finally {
    clearInterval(writing);
    await stopGroup(service, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}
