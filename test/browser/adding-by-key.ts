import { check } from "../../scripts/lib/checks.ts";
import { LOCAL_AWS } from "../../scripts/lib/local.ts";
import { deny, giveKey, goOn, idOf, startAdding } from "./adding.ts";
import { expectAccessible, expectThat, focusIsOn, shown, type World } from "./world.ts";

const { customer, region } = LOCAL_AWS;

/** An environment is added by a key, from a list; what can't be captured is added as not ready, by choice. */
export async function checkKey(world: World): Promise<void> {
  await check(
    "an environment is added by a key, from the list of instances, with a wrong key first",
    async () => {
      const { context, page } = await startAdding(world);
      await giveKey(page, "second database", "not-the-secret");
      await page.getByLabel("AWS region").selectOption(region);
      await shown(page.getByRole("alert").filter({ hasText: "AWS refused the credentials" }));
      await expectAccessible(page);
      await page.getByLabel("Instance", { exact: true }).fill("of-another-account");
      await page.getByRole("button", { name: "Change the access" }).click();
      await focusIsOn(page, "1. Name and access");
      // The instance of another key is not kept.
      await page.getByLabel("Access key id").fill("AKIAANOTHER000000000");
      await goOn(page);
      await shown(page.getByRole("alert").filter({ hasText: "The instances can't be listed" }));
      const kept = await page.getByLabel("Instance", { exact: true }).inputValue();
      expectThat(kept === "", `The instance is still ${kept}`);
      await page.getByRole("button", { name: "Change the access" }).click();
      await page.getByLabel("Access key id").fill(customer.accessKeyId);
      await page.getByLabel("Secret access key").fill(customer.secretAccessKey);
      await goOn(page);
      // Without an instance it does not go on.
      await shown(page.getByLabel(LOCAL_AWS.mariadb));
      await shown(page.getByRole("status").filter({ hasText: /^\d+ instances$/ }));
      await goOn(page);
      await shown(page.getByText("choose one, or type its identifier"));
      await page.getByLabel("Find an instance").fill("MARIA");
      await page.getByLabel(new RegExp(`^${LOCAL_AWS.mariadb}\\b.*MariaDB 10`)).check();
      await goOn(page);
      // AWS has said of which account it is.
      await shown(page.getByText(`arn:aws:rds:${region}:000000000000:db:${LOCAL_AWS.mariadb}`));
      await page.getByRole("button", { name: "Check and add it" }).click();
      await shown(page.getByRole("heading", { name: "second database", level: 1 }));
      await shown(page.getByText("Ready", { exact: true }));
      await context.close();
    },
  );

  await check("what can't be captured is added as not ready by choice, and says so everywhere", async () => {
    const { context, page, send } = await startAdding(world);
    await giveKey(page, "with Amazon's group");
    await page.getByLabel("AWS region").selectOption(region);
    await page.getByText("that can't be captured as they are").click();
    await page.getByLabel("demo-default-group").check();
    await expectAccessible(page);
    await goOn(page);
    await page.getByRole("button", { name: "Check and add it" }).click();
    await shown(page.locator(".checks li").filter({ hasText: "default.mysql8.0" }));
    await expectAccessible(page);
    await page.getByRole("button", { name: "Add it as not ready" }).click();
    await shown(page.getByRole("heading", { name: "with Amazon's group", level: 1 }));
    await shown(page.getByText("Not ready", { exact: true }));
    await expectAccessible(page);
    const id = idOf(page);
    await page.goto("/environments");
    await shown(page.locator(".card").filter({ hasText: "with Amazon's group" }).getByText("Not ready"));
    await page.goto(`/captures/new?envId=${id}`);
    await shown(page.getByText("with Amazon's group is not ready"));
    await page.getByRole("link", { name: "See what it lacks" }).click();
    await shown(page.getByRole("heading", { name: "Checks" }));
    await send("DELETE", `/api/environments/${id}`);
    await context.close();
  });
}

/** The list of instances when AWS refuses it, is slow, or has none. */
export async function checkLists(world: World): Promise<void> {
  await check("an instance is typed where instances may not be listed", async () => {
    const { context, page, send } = await startAdding(world);
    await deny(world, [{ action: "rds:DescribeDBInstances", resource: "db:*" }]);
    await giveKey(page, "typed");
    await page.getByLabel("AWS region").selectOption(region);
    await shown(page.getByRole("alert").filter({ hasText: "The instances can't be listed" }));
    await page.getByLabel("Instance", { exact: true }).fill("demo-mysql-97");
    await expectAccessible(page);
    await goOn(page);
    await shown(page.getByText("Put your account's number for ACCOUNT"));
    await page.getByRole("button", { name: "Check and add it" }).click();
    await shown(page.getByRole("heading", { name: "typed", level: 1 }));
    await deny(world, []);
    await send("DELETE", `/api/environments/${idOf(page)}`);
    await context.close();
  });

  await check("a list that is slow or empty leaves the choice to type, in any region", async () => {
    const { context, page } = await startAdding(world, { width: 390 });
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route("**/api/environments/instances", async (route) => {
      await answered;
      await route.fulfill({ json: { accountId: null, instances: [] } });
    });
    await giveKey(page, "nowhere");
    await page.getByLabel("AWS region").selectOption("eusc-de-east-1");
    await shown(page.getByText("Loading the instances in European Sovereign Cloud (Germany)…"));
    await goOn(page);
    await shown(page.getByRole("alert").filter({ hasText: "The list is not there yet: choose one" }));
    await shown(page.getByText("AWS takes long to answer"));
    await expectAccessible(page);
    await page.getByLabel("Instance", { exact: true }).fill("my-database");
    answer();
    await shown(page.getByText("AWS lists no RDS instance in European Sovereign Cloud (Germany)"));
    const typed = await page.getByLabel("Instance", { exact: true }).inputValue();
    expectThat(typed === "my-database", `What was typed is now ${typed}`);
    await page.getByLabel("AWS region").selectOption("other");
    await page.getByLabel("The region's code").fill("ap-newest-1");
    await shown(page.getByText("AWS lists no RDS instance in ap-newest-1"));
    await context.close();
  });
}
