import type { Page } from "playwright-core";
import { check } from "../../scripts/lib/checks.ts";
import { control } from "../../scripts/lib/control.ts";
import { LOCAL_AWS } from "../../scripts/lib/local.ts";
import { goOn, ROLE, startAdding } from "./adding.ts";
import {
  changeReply,
  eventually,
  expectAccessible,
  expectThat,
  focusIsOn,
  shown,
  visitSignedIn,
  type World,
} from "./world.ts";

const { customer, region } = LOCAL_AWS;

/** What the first step says where the service has a template of the role, and where it has no identity of its own. */
export async function checkTrust(world: World): Promise<void> {
  await check(
    "a link opens CloudFormation with the role filled in, and the next step knows the instance",
    async () => {
      const { context, page } = await visitSignedIn(world, { width: 390 });
      await changeReply(page, "**/api/environments/external-id", (trust) => ({
        ...trust,
        templateUrl: "https://bucket.s3.amazonaws.com/role.json",
      }));
      await page.goto("/environments/new");
      await page.getByText("Make the role with CloudFormation").click();
      await page.getByLabel("AWS region").selectOption(region);
      await page.getByLabel("Instance", { exact: true }).fill("demo-mysql-84");
      await page.getByLabel("Its DB parameter group").fill("demo-mysql-84-params");
      const link = page.getByRole("link", { name: "Open it in CloudFormation" });
      const href = (await link.getAttribute("href")) ?? "";
      expectThat(
        href.startsWith(`https://${region}.console.aws.amazon.com/cloudformation/`),
        `It is ${href}`,
      );
      expectThat(href.includes("param_InstanceIdentifier=demo-mysql-84"), `It is ${href}`);
      await expectAccessible(page);
      await page.getByLabel("Name").fill("by CloudFormation");
      await page.getByLabel("ARN of the role").fill(ROLE);
      await goOn(page);
      const chosen = await page.getByLabel("AWS region").inputValue();
      expectThat(chosen === region, `The region is ${chosen}`);
      await context.close();
    },
  );

  await check("where the service has no AWS identity, it says so, and a key is the way", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.route("**/api/environments/external-id", (route) =>
      route.fulfill({ status: 409, json: { code: 409, message: "This service has no AWS identity" } }),
    );
    await page.goto("/environments/new");
    await shown(page.getByRole("alert").filter({ hasText: "This service has no AWS identity" }));
    await expectAccessible(page);
    await page.getByLabel("An access key").check();
    await shown(page.getByLabel("Access key id"));
    expectThat(
      (await page.getByRole("alert").filter({ hasText: "identity" }).count()) === 0,
      "It is still said",
    );
    await context.close();
  });
}

/** An environment is added by a role, from its trust policy on; one that anybody can use is refused. */
export async function checkRole(world: World): Promise<void> {
  await check("an environment is added by a role, but not by one that asks for no external id", async () => {
    const { context, page } = await startAdding(world);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy trust policy" }).click();
    await shown(page.getByText("Trust policy is copied"));
    const policy = await page.evaluate(() => navigator.clipboard.readText());
    const { Principal, Condition } = JSON.parse(policy).Statement[0];
    const externalId: string = Condition.StringEquals["sts:ExternalId"];
    await shown(page.getByText(Principal.AWS, { exact: true }));
    await shown(page.getByText(externalId, { exact: true }));
    await expectAccessible(page);

    await goOn(page);
    await shown(page.getByText("must not be empty"));
    await focusIsAt(page, "Name");
    await page.getByLabel("Name").fill("by a role");
    await page.getByLabel("ARN of the role").fill("captures");
    await goOn(page);
    await shown(page.getByText("must be the ARN of a role"));
    await page.getByLabel("ARN of the role").fill(` ${ROLE} `);
    const makeRole = (asksFor: string | null) =>
      control(world.awsAddress, "POST", "roles", {
        accessKeyId: customer.accessKeyId,
        roleArn: ROLE,
        externalId: asksFor,
      });
    await makeRole(null);
    await goOn(page);
    await focusIsOn(page, "2. Instance");
    await page.getByLabel("AWS region").selectOption(region);
    await shown(page.getByRole("alert").filter({ hasText: "anybody who knows the role's ARN could" }));
    await expectAccessible(page);
    await makeRole(externalId);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByLabel("demo-mysql-84").check();
    await expectAccessible(page);
    await goOn(page);

    await focusIsOn(page, "3. Permissions and check");
    await shown(page.getByText(`arn:aws:rds:${region}:000000000000:db:demo-mysql-84`));
    await page.getByText("What a capture changes on the database").click();
    await shown(page.getByText("All of it works without a reboot"));
    await expectAccessible(page);
    await makeRole(null);
    await page.getByRole("button", { name: "Check and add it" }).click();
    await shown(page.getByRole("alert").filter({ hasText: "anybody who knows the role's ARN could" }));
    await makeRole(externalId);
    await page.getByRole("button", { name: "Check again" }).click();
    await shown(page.getByRole("heading", { name: "by a role", level: 1 }));
    await shown(page.getByText("Ready", { exact: true }));
    await shown(page.getByText(ROLE));

    let asked = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/api/environments/external-id")) asked++;
    });
    await page.getByText("The trust policy of its role").click();
    await shown(page.getByText(`"sts:ExternalId": "${externalId}"`));
    await expectAccessible(page);
    expectThat(asked === 0, "An external id was made by looking");
    await page.getByRole("button", { name: "Show the service's ARN" }).click();
    await shown(page.getByText(`"AWS": "${Principal.AWS}"`));
    await context.close();
  });
}

/** Waits until the field with a label has the focus. */
async function focusIsAt(page: Page, label: string): Promise<void> {
  await eventually(`the focus is at ${label}`, () =>
    page.getByLabel(label).evaluate((field) => field === document.activeElement),
  );
}
