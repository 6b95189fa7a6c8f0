import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, report } from "../../scripts/lib/checks.ts";
import { tryPort } from "../../scripts/lib/ports.ts";
import { startService, stopGroup } from "../../scripts/lib/service.ts";
import { checkCaptures } from "./captures.ts";
import { checkCompare } from "./compare.ts";
import { checkConnecting } from "./connecting.ts";
import { checkDevice } from "./device.ts";
import { checkEnvironments } from "./environments.ts";
import { launch } from "./launch.ts";
import { checkLists } from "./lists.ts";
import { checkLive } from "./live.ts";
import { checkPages } from "./pages.ts";
import { checkRecovery } from "./recovery.ts";
import { checkReference } from "./reference.ts";
import { checkSchedules } from "./schedules.ts";
import { checkSessions } from "./sessions.ts";
import { checkSignOn } from "./sign-on.ts";
import { checkStudying } from "./studying.ts";
import { checkWebhooks } from "./webhooks.ts";
import { checkWorking } from "./working.ts";
import { expectThat, type World } from "./world.ts";

/*
 * `npm run test:console`: the console in a real browser, against `npm run dev` on free ports with data of its own. Closes with
 * `N passed, N failed`.
 */

const folder = mkdtempSync(join(tmpdir(), "captures-console-"));
const state = join(folder, "state");
const [port, awsPort] = [await tryPort(0), await tryPort(0)];
const browser = await launch();
const service = await startService({
  PORT: String(port),
  AWS_PORT: String(awsPort),
  PERSIST_TO: state,
});
const world: World = {
  address: `http://localhost:${port}`,
  awsAddress: `http://localhost:${awsPort}`,
  state,
  browser,
  offences: [],
};
try {
  await checkSessions(world);
  await checkSignOn(world);
  await checkRecovery(world);
  await checkDevice(world);
  await checkConnecting(world);
  await checkEnvironments(world);
  await checkCaptures(world);
  await checkSchedules(world);
  await checkWebhooks(world);
  await checkLive(world);
  await checkStudying(world);
  await checkWorking(world);
  await checkCompare(world);
  await checkPages(world);
  await checkReference(world);
  await checkLists(world);
  await check("no page asked another host, broke its Content-Security-Policy or threw", () => {
    expectThat(world.offences.length === 0, world.offences.join("\n"));
  });
} finally {
  await browser.close();
  await stopGroup(service, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
report();
