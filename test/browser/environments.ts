import { check } from "../../scripts/checks.ts";
import { LOCAL_AWS } from "../../scripts/local.ts";
import { failAws, shown, visit, visitSignedIn, type World } from "./world.ts";

/** Somebody without environments, who joins the demo account's later. */
export const SECOND = { name: "Second", email: "second@example.com", password: "another password" };

/** Environments, their members, and an AWS that refuses. */
export async function checkEnvironments(world: World): Promise<void> {
  await check("an environment is added, with what AWS says of it", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/environments");
    await page.getByRole("link", { name: "Add an environment" }).click();
    await page.getByLabel("Name").fill("second database");
    await page.getByLabel("RDS instance").fill(LOCAL_AWS.mariadb);
    await page.getByLabel("Access key id").fill(LOCAL_AWS.customer.accessKeyId);
    await page.getByLabel("Secret access key").fill("not the secret");
    await page.getByRole("button", { name: "Add it" }).click();
    await shown(page.getByText("must be an AWS secret access key, without spaces"));
    await page.getByLabel("Secret access key").fill("not-the-secret");
    await page.getByRole("button", { name: "Add it" }).click();
    await shown(page.getByRole("alert").filter({ hasText: "AWS refused the credentials" }));
    await page.getByLabel("Secret access key").fill(LOCAL_AWS.customer.secretAccessKey);
    await page.getByRole("button", { name: "Add it" }).click();
    await shown(page.getByRole("heading", { name: "second database", level: 1 }));
    await shown(page.getByText("AWS knows it as mariadb"));
    await context.close();
  });

  await check("an environment is checked again, while AWS fails and when it does not", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/environments/1");
    await failAws(world, { kind: "deny", action: "DescribeDBInstances" });
    await page.getByRole("button", { name: "Check it with AWS" }).click();
    await shown(page.getByRole("status").filter({ hasText: "AWS refused the credentials" }));
    await failAws(world, null);
    await page.getByRole("button", { name: "Check it with AWS" }).click();
    await shown(page.getByText("AWS reaches demo-mysql: it is available."));
    await context.close();
  });

  await check("an environment is renamed and deleted", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/environments");
    await page.getByRole("link", { name: "second database", exact: true }).click();
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("the other database");
    await page.getByRole("button", { name: "Save" }).click();
    await shown(page.getByRole("heading", { name: "the other database", level: 1 }));
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
    await shown(page.getByRole("heading", { name: "Environments", level: 1 }));
    await page.getByRole("link", { name: "the other database", exact: true }).waitFor({ state: "detached" });
    await context.close();
  });

  await check("somebody signs up by the link of an invite, and is a member", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/environments/1");
    await page.getByRole("button", { name: "Make an invite" }).click();
    const link = await page.getByLabel("Link for one person").inputValue();
    const other = await visit(world);
    await other.page.goto(link);
    await other.page.getByLabel("Your name").fill(SECOND.name);
    await other.page.getByLabel("E-mail address").fill(SECOND.email);
    await other.page.getByLabel("Password").fill(SECOND.password);
    await other.page.getByRole("button", { name: "Sign up" }).click();
    await shown(other.page.getByRole("link", { name: "demo", exact: true }));
    await other.page.goto(link);
    await other.page.getByRole("button", { name: "Join" }).click();
    await shown(other.page.getByText("Invite does not exist, has expired or was used already"));
    await page.reload();
    await shown(page.getByRole("combobox", { name: "Role of Second" }));
    await Promise.all([context.close(), other.context.close()]);
  });
}
