import { check } from "../../scripts/lib/checks.ts";
import { LOCAL_AWS } from "../../scripts/lib/local.ts";
import { eventually, expectThat, failAws, shown, visit, visitSignedIn, type World } from "./world.ts";

/** Somebody without environments, who joins the demo account's later. */
export const SECOND = { name: "Second", email: "second@example.com", password: "another password" };

/** Environments, their members, and an AWS that refuses. */
export async function checkEnvironments(world: World): Promise<void> {
  await check("an environment is checked again, while AWS fails and when it does not", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/environments/1");
    await failAws(world, { kind: "deny", action: "DescribeDBInstances" });
    await page.getByRole("button", { name: "Check it with AWS" }).click();
    await shown(page.getByRole("status").filter({ hasText: "AWS does not say how demo-mysql is." }));
    await shown(
      page.locator(".checks li").filter({ hasText: "rds:DescribeDBInstances" }).getByText("Failed"),
    );
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

  await check(
    "a pending change of a parameter group is shown, restored by a check, or abandoned",
    async () => {
      const { context, page } = await visitSignedIn(world);
      const { mariadb: instance, customer: credentials, region } = LOCAL_AWS;
      const ask = async (path: string, data: object = {}) =>
        (await (await page.request.post(`${world.address}${path}`, { data })).json()) as { id: number };
      const { id: envId } = await ask("/api/environments", { name: "owing", region, instance, credentials });
      const notGivenBack = page.getByRole("heading", { name: "Not given back" });
      /** Ends a capture while AWS does not let the group be restored. */
      const owe = async (name: string) => {
        const { id } = await ask("/api/captures", { name, envId });
        const comesTo = (status: string) =>
          eventually(
            `${name} is ${status}`,
            async () => {
              const read = await page.request.get(`${world.address}/api/captures/${id}`);
              return ((await read.json()) as { status: string }).status === status;
            },
            60_000,
          );
        await comesTo("RUNNING");
        for (const action of ["ModifyDBParameterGroup", "ResetDBParameterGroup"]) {
          await failAws(world, { kind: "deny", action });
        }
        await ask(`/api/captures/${id}/stop`);
        await comesTo("DONE");
        await eventually(
          `${name} is owed, after the grace (LEASE_GRACE_MS)`,
          async () => {
            const read = await page.request.get(`${world.address}/api/environments/${envId}`);
            return ((await read.json()) as { owed: unknown[] }).owed.length > 0;
          },
          90_000,
        );
        await page.goto(`/environments/${envId}`);
        await shown(notGivenBack);
      };
      await owe("not restored");
      await shown(page.getByText("AWS does not permit it"));
      await page.goto("/environments");
      await shown(page.getByText(`The log of ${instance}-params is not given back`));
      await page.goto(`/environments/${envId}`);
      await page.getByRole("button", { name: "Delete" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
      await shown(page.getByRole("alert").filter({ hasText: "has not given a parameter group back" }));
      await page.keyboard.press("Escape");
      await failAws(world, null);
      await page.getByRole("button", { name: "Check it with AWS" }).click();
      await shown(page.getByText(`AWS reaches ${instance}: it is available.`));
      await notGivenBack.waitFor({ state: "detached" });

      await owe("abandoned");
      await page.getByRole("button", { name: "Abandon it" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Leave it as it is" }).click();
      await notGivenBack.waitFor({ state: "detached" });
      await failAws(world, null);
      await page.getByRole("button", { name: "Delete" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
      await shown(page.getByRole("heading", { name: "Environments", level: 1 }));
      await context.close();
    },
  );

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
    await other.page.goto("/environments/1");
    await shown(other.page.getByRole("heading", { name: "Checks" }));
    // How it is reached is its admins' alone.
    expectThat(
      (await other.page.getByRole("heading", { name: "Access" }).count()) === 0,
      "A member sees the access",
    );
    await other.page.goto(link);
    await shown(other.page.getByText("Invite does not exist, has expired, was used or revoked already"));
    await page.reload();
    await shown(page.getByRole("combobox", { name: "Role of Second" }));
    await Promise.all([context.close(), other.context.close()]);
  });

  await check(
    "the invited see who invites and to what; an open invite is listed, and can be revoked",
    async () => {
      const { context, page } = await visitSignedIn(world);
      await page.goto("/environments/1");
      await page.getByLabel("Only for this e-mail address").fill(SECOND.email);
      await page.getByRole("button", { name: "Make an invite" }).click();
      const link = await page.getByLabel(`Link for ${SECOND.email}`).inputValue();
      await page.goto(link);
      // It is for somebody else.
      await shown(page.getByText("or is for another e-mail address"));
      await page.goto("/environments/1");
      await page.getByRole("button", { name: "Make an invite" }).click();
      await page.goto(await page.getByLabel("Link for one person").inputValue());
      await shown(page.getByText("Invited by"));
      await shown(page.getByText("demo@example.com"));
      await page.goto("/environments/1");
      await page.getByRole("button", { name: `Revoke the invite for ${SECOND.email}` }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
      await shown(page.getByText("The invite is revoked"));
      await page
        .getByRole("button", { name: `Revoke the invite for ${SECOND.email}` })
        .waitFor({ state: "detached" });
      await context.close();
    },
  );

  await check("admins see what was done in an environment, and download it", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/environments/1");
    await page.getByRole("link", { name: "What was done" }).click();
    await shown(page.getByRole("heading", { name: "What was done", level: 1 }));
    await shown(page.getByText(`Invite ${SECOND.email} revoked`));
    await page.getByLabel("Show").selectOption("Members");
    await shown(page.getByText("Member Second added"));
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
    ]);
    expectThat(download.suggestedFilename() === "environment-1-audit.ndjson", download.suggestedFilename());
    await context.close();
  });
}
