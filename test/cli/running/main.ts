import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { report } from "../../../scripts/lib/checks.ts";
import { tryPort } from "../../../scripts/lib/ports.ts";
import { startService, stopGroup } from "../../../scripts/lib/service.ts";
import { checkAction } from "./action.ts";
import { checkChanging } from "./changing.ts";
import { checkCommon } from "./common.ts";
import { checkCompare } from "./comparing.ts";
import { checkCompletion } from "./completion.ts";
import { checkEnvironments } from "./environments.ts";
import { checkFiles } from "./files.ts";
import { checkGitLab } from "./gitlab.ts";
import { checkList } from "./list.ts";
import { makePair, type Pair } from "./pair.ts";
import { checkReplay } from "./replay.ts";
import { checkRunning } from "./running.ts";
import { checkSchedules } from "./schedules.ts";
import { checkSigningIn } from "./signing-in.ts";
import { checkStarting } from "./starting.ts";
import { checkStudying } from "./studying.ts";
import { checkTop } from "./top.ts";
import { checkWebhooks } from "./webhooks.ts";
import { json, makeKey, until, type World } from "./world.ts";

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
  await until("the demo's captures are done", async () => {
    const done = await json<object[]>(world, ["list", "--env", "shop", "--status", "DONE"]);
    return done.length === 2;
  });
  let pair: Promise<Pair> | undefined;
  /** Of checks that need two captures of which it is known what ran. */
  const withPair = (run: (world: World, pair: Pair) => Promise<void>) => async () => {
    pair ??= makePair(world);
    await run(world, await pair);
  };
  // `npm run test:cli -- top` for one of them alone.
  const [, , only] = process.argv;
  const checks = {
    list: checkList,
    common: checkCommon,
    environments: checkEnvironments,
    "signing-in": checkSigningIn,
    starting: checkStarting,
    running: checkRunning,
    changing: checkChanging,
    top: checkTop,
    completion: checkCompletion,
    replay: checkReplay,
    schedules: checkSchedules,
    webhooks: checkWebhooks,
    studying: withPair(checkStudying),
    comparing: withPair(checkCompare),
    files: withPair(checkFiles),
    action: withPair(checkAction),
    gitlab: withPair(checkGitLab),
  };
  for (const [name, run] of Object.entries(checks)) {
    if (only === undefined || only === name) await run(world);
  }
} finally {
  await stopGroup(service, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
report();
