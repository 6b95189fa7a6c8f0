import type { Database } from "./database.ts";
import { tryPort } from "./ports.ts";
import { startService, stopGroup } from "./service.ts";

/**
 * Starts a service with a local AWS that has the logs of a database server, and ends it after `run`.
 * @param state the folder of the service's data
 * @param run is given the service's address
 */
export async function withServiceOf(
  { generalLog, slowLog }: Pick<Database, "generalLog" | "slowLog">,
  state: string,
  run: (address: string) => Promise<void>,
): Promise<void> {
  const [port, awsPort] = [await tryPort(0), await tryPort(0)];
  const service = await startService({ PORT: String(port), AWS_PORT: String(awsPort), PERSIST_TO: state }, [
    "--general-log",
    generalLog,
    "--slow-log",
    slowLog,
  ]);
  try {
    await run(`http://localhost:${port}`);
  } finally {
    await stopGroup(service, "SIGKILL");
  }
}
