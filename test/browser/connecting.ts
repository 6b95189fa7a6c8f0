import { checkKey, checkLists } from "./adding-by-key.ts";
import { checkRole, checkTrust } from "./adding-by-role.ts";
import { checkChecks, checkReplacement } from "./environment-page.ts";
import { checkStarting } from "./starting.ts";
import type { World } from "./world.ts";

/** Adding an environment step by step, its checks, and what is known of its connection. */
export async function checkConnecting(world: World): Promise<void> {
  await checkTrust(world);
  await checkRole(world);
  await checkReplacement(world);
  await checkKey(world);
  await checkLists(world);
  await checkChecks(world);
  await checkStarting(world);
}
