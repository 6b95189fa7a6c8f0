import { check } from "../../scripts/lib/checks.ts";
import { control } from "../../scripts/lib/control.ts";
import { LOCAL_AWS } from "../../scripts/lib/local.ts";
import { addByKey } from "./adding.ts";
import {
  eventually,
  expectAccessible,
  failAws,
  LOG_ON_AGAIN_MS,
  PATIENCE_MS,
  shown,
  stateOf,
  visitSignedIn,
  type World,
} from "./world.ts";

/** How often a running capture asks what its instance is in its cluster (src/captures/cluster-role.ts). */
const ROLE_AGAIN_MS = 120_000;

/** Captures are started from the page, of an Aurora writer and a reader; and what stands in the way of a start. */
export async function checkStarting(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  const start = async (envId: number, name: string) => {
    await page.goto(`/captures/new?envId=${envId}`);
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Start the capture" }).click();
    await shown(page.getByRole("heading", { name, level: 1 }));
  };
  await check("a writer and a reader of an Aurora cluster are captured, through a failover", async () => {
    const writer = await addByKey(page, "aurora writer", "demo-aurora-1");
    await shown(page.getByText("in the cluster demo-aurora"));
    const reader = await addByKey(page, "aurora reader", "demo-aurora-2");
    await start(writer, "of the writer");
    await shown(stateOf(page, "Running"));
    await shown(page.locator(".facts div").filter({ hasText: "In its cluster" }).getByText("writer"));
    await expectAccessible(page);
    await control(world.awsAddress, "POST", "failovers", {
      accessKeyId: LOCAL_AWS.customer.accessKeyId,
      cluster: "demo-aurora",
    });
    await shown(page.getByText("Since a failover it is a reader"), ROLE_AGAIN_MS + PATIENCE_MS);
    await expectAccessible(page);
    const first = new URL(page.url()).pathname;
    await start(reader, "of the reader");
    await shown(stateOf(page, "Running"));
    await eventually("statements are counted", async () =>
      /[1-9][\d,]* statements/.test((await page.locator(".state .progress").textContent()) ?? ""),
    );
    for (const path of [first, new URL(page.url()).pathname]) {
      await send("POST", `/api${path}/stop`);
    }
    await shown(stateOf(page, "Done"), 60_000);
  });

  await check("a capture that can't start yet says what stands in its way, and can be given up", async () => {
    const id = await addByKey(page, "in the way", "demo-mysql-84");
    await failAws(world, { kind: "throttle", action: "ModifyDBParameterGroup" });
    await start(id, "obstructed");
    await shown(
      page.locator(".state .note").filter({ hasText: /It has not started yet.*rds:ModifyDBParameterGroup/ }),
      LOG_ON_AGAIN_MS,
    );
    await expectAccessible(page);
    await page.getByRole("button", { name: "Cancel it" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel it" }).click();
    await shown(stateOf(page, "Failed"));
    await failAws(world, null);
    await context.close();
  });
}
