import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { report } from "../../../scripts/lib/checks.ts";
import { tryPort } from "../../../scripts/lib/ports.ts";
import { startService, stopGroup } from "../../../scripts/lib/service.ts";
import { checkList } from "./list.ts";
import { checkSchedules } from "./schedules.ts";
import { makeKey, type World } from "./world.ts";

/*
 * `npm run test:cli`: every command of `captures` against `npm run dev` on free ports with data of its own. Closes with
 * `N passed, N failed`.
 */

const folder = mkdtempSync(join(tmpdir(), "captures-cli-"));
const [port, awsPort] = [await tryPort(0), await tryPort(0)];
const address = `http://localhost:${port}`;
const service = await startService({
  PORT: String(port),
  AWS_PORT: String(awsPort),
  PERSIST_TO: join(folder, "state"),
});
try {
  const world: World = {
    address,
    awsAddress: `http://localhost:${awsPort}`,
    folder,
    key: await makeKey(address),
  };
  await checkList(world);
  await checkSchedules(world);
} finally {
  await stopGroup(service, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
report();
