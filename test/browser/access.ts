import { check } from "../../scripts/lib/checks.ts";
import {
  expectAccessible,
  expectNoWider,
  expectThat,
  shown,
  visit,
  visitSignedIn,
  type World,
} from "./world.ts";

const VIEWER = { name: "Vera Viewer", email: "vera@example.com", password: "a long password" };
const NARROW = 320;

/** Keys that may do less than their owner, and what a viewer of an environment is shown. */
export async function checkAccess(world: World): Promise<void> {
  await check("a key is made that may only read one environment, and its list says so", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/keys");
    await page.getByLabel("What the key is for").fill("a dashboard");
    await page.getByLabel("It may").selectOption("Only read");
    await page.getByLabel("In", { exact: true }).selectOption("shop");
    await page.getByLabel("It is valid for").selectOption("30 days");
    await page.getByRole("button", { name: "Make a key" }).click();
    const key = await page.getByLabel("The new key").inputValue();
    const row = page.getByRole("row").filter({ hasText: "a dashboard" });
    await shown(row.getByText("Only read in"));
    await shown(row.getByRole("link", { name: "shop" }));
    await shown(row.getByText("never"));
    await expectAccessible(page);
    const ask = (method: string, path: string) =>
      fetch(world.address + path, { method, headers: { "x-api-key": key } });
    expectThat((await ask("GET", "/api/captures/1")).status === 200, "It does not read");
    expectThat((await ask("DELETE", "/api/captures/1")).status === 403, "It changes something");
    await page.reload();
    await shown(row.getByText(new Date().toISOString().slice(0, 10)));
    // A page of its own: one whose window has just become narrow may not be laid out anew yet.
    const small = await visitSignedIn(world, { width: NARROW });
    await small.page.goto("/keys");
    await shown(
      small.page.getByRole("row").filter({ hasText: "a dashboard" }).getByRole("link", { name: "shop" }),
    );
    await expectNoWider(small.page, NARROW, "The page of keys");
    await small.context.close();
    await row.getByRole("button", { name: "Revoke a dashboard" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke it" }).click();
    await shown(page.getByText("You have no keys."));
    await context.close();
  });

  await check(
    "somebody who is invited as a viewer sees figures, and no way to what statements say",
    async () => {
      const { context, page } = await visitSignedIn(world);
      await page.goto("/environments/2");
      await page.getByLabel("As").selectOption("Viewer");
      await page.getByRole("button", { name: "Make an invite" }).click();
      const link = await page.getByLabel("Link for one person").inputValue();
      const other = await visit(world);
      await other.page.goto(link);
      await other.page.getByLabel("Your name").fill(VIEWER.name);
      await other.page.getByLabel("E-mail address").fill(VIEWER.email);
      await other.page.getByLabel("Password").fill(VIEWER.password);
      await other.page.getByRole("button", { name: "Sign up" }).click();
      await shown(other.page.getByRole("link", { name: "shop", exact: true }));
      await other.page.goto("/environments/2");
      await shown(other.page.getByRole("heading", { name: "Checks" }));
      const absent = async (role: "button" | "link", name: string | RegExp) =>
        expectThat((await other.page.getByRole(role, { name }).count()) === 0, `A viewer is offered ${name}`);
      await absent("button", "Check it with AWS");
      await absent("link", "New capture");
      await expectAccessible(other.page);
      await other.page.goto("/captures/1");
      await shown(other.page.getByRole("navigation", { name: "Of this capture" }).getByText("Statements"));
      await shown(other.page.getByRole("heading", { name: "Workload" }));
      await shown(other.page.getByText("First and last record"));
      await absent("link", /Download/);
      await absent("link", "Records");
      await absent("button", "Edit");
      await expectAccessible(other.page);
      await other.page.goto("/captures/1/statements");
      const statement = other.page.getByRole("button", { name: /SELECT/i }).first();
      await statement.click();
      await shown(other.page.getByRole("link", { name: "More of this statement" }).first());
      await other.page.getByRole("link", { name: "More of this statement" }).first().click();
      await shown(other.page.getByText("Viewers of the environment see no statements with their values."));
      await expectAccessible(other.page);
      for (const path of ["/captures/1/records", "/captures/1/sessions/8"]) {
        await other.page.goto(path);
        await shown(other.page.getByText("You are a viewer of this environment"));
      }
      await expectAccessible(other.page);
      await other.page.goto("/captures");
      await shown(other.page.getByRole("heading", { name: "Captures", level: 1 }));
      await shown(other.page.getByRole("table"));
      await absent("link", "New capture");
      await other.page.goto("/captures/new");
      await shown(other.page.getByText("There is no environment yet in which you may make captures"));
      await page.reload();
      await page.getByRole("combobox", { name: `Role of ${VIEWER.name}` }).selectOption("Member");
      await shown(page.getByText(`${VIEWER.name} is a member now`));
      await other.page.goto("/captures/1");
      await shown(other.page.getByRole("link", { name: /Download/ }).first());
      await Promise.all([context.close(), other.context.close()]);
    },
  );
}
