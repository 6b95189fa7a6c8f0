import type { Page } from "playwright-core";
import { check } from "../../scripts/lib/checks.ts";
import { control } from "../../scripts/lib/control.ts";
import { LOCAL_AWS } from "../../scripts/lib/local.ts";
import {
  changeReply,
  eventually,
  expectAccessible,
  expectNoWider,
  expectThat,
  failAws,
  focusIsOn,
  LOG_ON_AGAIN_MS,
  PATIENCE_MS,
  shown,
  stateOf,
  visitSignedIn,
  type World,
} from "./world.ts";

/** How often a running capture asks what its instance is in its cluster (src/captures/cluster-role.ts). */
const ROLE_AGAIN_MS = 120_000;
const { customer, region } = LOCAL_AWS;
const ROLE = "arn:aws:iam::000000000000:role/captures-console";

/** A page at the first step, and what the next ones need. */
async function startAdding(world: World, look = {}) {
  const { context, page, send } = await visitSignedIn(world, look);
  await page.goto("/environments/new");
  await shown(page.getByRole("heading", { name: "1. Name and access" }));
  return { context, page, send };
}

const goOn = (page: Page) => page.getByRole("button", { name: "Continue" }).click();

/** Fills in the first step with the key of the demo account. */
async function giveKey(page: Page, name: string, secretAccessKey = customer.secretAccessKey): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("An access key").check();
  await page.getByLabel("Access key id").fill(customer.accessKeyId);
  await page.getByLabel("Secret access key").fill(secretAccessKey);
  await goOn(page);
}

/** Sets what the demo account's policies refuse. */
const deny = (world: World, actions: unknown[]) =>
  control(world.awsAddress, "PUT", "policy", { accessKeyId: customer.accessKeyId, deny: actions });

/** Adds an environment by a key, through the page, and shows it there. @returns its id */
async function add(page: Page, name: string, instance: string): Promise<number> {
  await page.goto("/environments/new");
  await giveKey(page, name);
  await page.getByLabel("AWS region").selectOption(region);
  await page.getByLabel(instance).check();
  await goOn(page);
  await page.getByRole("button", { name: "Check and add it" }).click();
  await shown(page.getByRole("heading", { name, level: 1 }));
  return Number(new URL(page.url()).pathname.split("/").at(-1));
}

/** Adding an environment step by step, its checks, and what is known of its connection. */
export async function checkConnecting(world: World): Promise<void> {
  await checkTrust(world);
  await checkRole(world);
  await checkReplacement(world);
  await checkKey(world);
  await checkLists(world);
  await checkChecks(world);
  await checkClusters(world);
}

/** By a role, from its trust policy on; one that anybody can use is refused. */
async function checkRole(world: World): Promise<void> {
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

/** A role whose external id a person chose gets the service's id beside it, so that captures go on. */
async function checkReplacement(world: World): Promise<void> {
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

/** What the first step says where the service has a template of the role, and where it has no identity of its own. */
async function checkTrust(world: World): Promise<void> {
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

/** By a key, from a list; what can't be captured is added as not ready, by choice. */
async function checkKey(world: World): Promise<void> {
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
    const id = Number(new URL(page.url()).pathname.split("/").at(-1));
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
async function checkLists(world: World): Promise<void> {
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
    await send("DELETE", `/api/environments/${new URL(page.url()).pathname.split("/").at(-1)}`);
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

/** The checks of an environment that is there. */
async function checkChecks(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  await check("a missing permission is told with what to do, and is gone when it is given", async () => {
    const id = await add(page, "checked", "demo-mysql-84");
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

/** An Aurora writer and a reader, captured from the page; and what stands in the way of a start. */
async function checkClusters(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  const start = async (envId: number, name: string) => {
    await page.goto(`/captures/new?envId=${envId}`);
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Start the capture" }).click();
    await shown(page.getByRole("heading", { name, level: 1 }));
  };
  await check("a writer and a reader of an Aurora cluster are captured, through a failover", async () => {
    const writer = await add(page, "aurora writer", "demo-aurora-1");
    await shown(page.getByText("in the cluster demo-aurora"));
    const reader = await add(page, "aurora reader", "demo-aurora-2");
    await start(writer, "of the writer");
    await shown(stateOf(page, "Running"));
    await shown(page.locator(".facts div").filter({ hasText: "In its cluster" }).getByText("writer"));
    await expectAccessible(page);
    await control(world.awsAddress, "POST", "failovers", {
      accessKeyId: customer.accessKeyId,
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
    const id = await add(page, "in the way", "demo-mysql-84");
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

/** Waits until the field with a label has the focus. */
async function focusIsAt(page: Page, label: string): Promise<void> {
  await eventually(`the focus is at ${label}`, () =>
    page.getByLabel(label).evaluate((field) => field === document.activeElement),
  );
}
