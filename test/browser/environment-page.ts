import { check } from "../../scripts/lib/checks.ts";
import { LOCAL_AWS } from "../../scripts/lib/local.ts";
import { addByKey, deny, ROLE } from "./adding.ts";
import {
  changeReply,
  expectAccessible,
  expectNoWider,
  expectThat,
  shown,
  visitSignedIn,
  type World,
} from "./world.ts";

const { customer } = LOCAL_AWS;

/** A role whose external id a person chose gets the service's id beside it, so that captures go on. */
export async function checkReplacement(world: World): Promise<void> {
  await check("an external id that a person chose is replaced without a pause", async () => {
    const { context, page, send } = await visitSignedIn(world, { width: 390 });
    await changeReply(page, "**/api/environments/1", (environment) => ({
      ...environment,
      credentials: { roleArn: ROLE, externalId: null, externalIdOrigin: "person" },
    }));
    await page.goto("/environments/1");
    await shown(page.getByText("beside the old one, give the role's ARN again, then take the old id out"));
    await page.getByRole("button", { name: "Edit" }).click();
    const dialog = page.getByRole("dialog");
    await shown(dialog.getByText("either of two"));
    const { externalId } = await send<{ externalId: string }>("POST", "/api/environments/external-id");
    const said = (await dialog.locator(".copy-text code").textContent()) ?? "";
    const { StringEquals } = JSON.parse(said);
    expectThat(StringEquals["sts:ExternalId"].join() === `OLD,${externalId}`, `It says ${said}`);
    await shown(dialog.getByText("made for the next role that you give"));
    await expectAccessible(page);
    await expectNoWider(page, 390, "The page");
    await context.close();
  });
}

/** The checks of an environment that is there. */
export async function checkChecks(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  await check("a missing permission is told with what to do, and is gone when it is given", async () => {
    const id = await addByKey(page, "checked", "demo-mysql-84");
    await deny(world, ["rds:ModifyDBParameterGroup"]);
    await page.getByRole("button", { name: "Check it with AWS" }).click();
    const failed = page.locator(".checks li").filter({ hasText: "rds:ModifyDBParameterGroup" });
    await shown(failed.getByText("Failed"));
    await shown(page.getByText("Not ready", { exact: true }));
    await expectAccessible(page);
    await deny(world, []);
    await page.getByRole("button", { name: "Check it with AWS" }).click();
    await shown(page.getByText("Ready", { exact: true }));
    await failed.getByText("Failed").waitFor({ state: "detached" });

    await page.getByRole("button", { name: "Edit" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("RDS instance").fill("demo-mysql-97");
    await dialog.getByRole("button", { name: "Save" }).click();
    await shown(dialog.getByText("give the key again"));
    await dialog.getByLabel("Access key id").fill(customer.accessKeyId);
    await dialog.getByLabel("Secret access key").fill(customer.secretAccessKey);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await shown(page.getByText("demo-mysql-97", { exact: true }));
    await send("DELETE", `/api/environments/${id}`);
  });
  await context.close();
}
