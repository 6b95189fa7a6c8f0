import { check } from "../../scripts/lib/checks.ts";
import { expectThat, focusIsOn, shown, signIn, visit, visitSignedIn, type World } from "./world.ts";

/** Signing in, up and out, and sessions that end meanwhile. */
export async function checkSessions(world: World): Promise<void> {
  await check("the sign-in stands in the place of a page, which follows it", async () => {
    const { context, page } = await visit(world);
    await page.goto("/environments");
    await shown(page.getByRole("heading", { name: "Sign in" }));
    await signIn(page);
    await shown(page.getByRole("heading", { name: "Environments", level: 1 }));
    await page.waitForURL(({ pathname }) => pathname === "/environments");
    await focusIsOn(page, "Environments");
    await context.close();
  });

  await check("a wrong password shows the server's message", async () => {
    const { context, page } = await visit(world);
    await page.goto("/");
    await page.getByLabel("E-mail address").fill("demo@example.com");
    await page.getByLabel("Password").fill("not this one");
    await page.getByRole("button", { name: "Sign in" }).click();
    await shown(page.getByRole("alert").filter({ hasText: "The e-mail address or the password is wrong" }));
    await context.close();
  });

  await check("somebody signs up, sees what to do first, and signs out", async () => {
    const { context, page } = await visit(world);
    await page.goto("/sign-up");
    await page.getByLabel("Your name").fill("Newcomer");
    await page.getByLabel("E-mail address").fill("newcomer@example.com");
    await page.getByLabel("Password").fill("a long password");
    await page.getByRole("button", { name: "Sign up" }).click();
    await shown(page.getByRole("link", { name: "Add an environment" }));
    await page.getByRole("button", { name: "Sign out" }).click();
    await shown(page.getByRole("heading", { name: "Sign in" }));
    await context.close();
  });

  await check("a session that ends while a form is filled in is renewed, and the form is kept", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/captures/new");
    await page.getByLabel("Name").fill("Kept through it all");
    await page.getByLabel("Later").check();
    await page.getByLabel("Start at").fill("2035-01-01T12:00");
    await context.clearCookies();
    await page.getByRole("button", { name: "Schedule" }).click();
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.getByLabel("Password").fill("demo-password");
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await dialog.waitFor({ state: "detached" });
    await focusIsOn(page, "Schedule");
    const name = await page.getByLabel("Name").inputValue();
    expectThat(name === "Kept through it all", `The name is ${JSON.stringify(name)}`);
    await page.getByRole("button", { name: "Schedule" }).click();
    await shown(
      page
        .getByText("scheduledStart: is more than a year ahead")
        .or(page.getByText("is more than a year ahead")),
    );
    await context.close();
  });

  await check("without a network there is a notice, and it goes on when the network is back", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/captures");
    await shown(page.getByRole("heading", { name: "Captures", level: 1 }));
    await context.setOffline(true);
    await shown(page.getByText("You are offline: what you see"));
    await page.getByRole("link", { name: "API keys" }).click();
    await shown(page.getByRole("button", { name: "Try again" }));
    await context.setOffline(false);
    await shown(page.getByText("You have no keys."));
    await context.close();
  });

  await check("a key is made, shown once, works, and is revoked", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/keys");
    await page.getByLabel("What the key is for").fill("nightly job");
    await page.getByRole("button", { name: "Make a key" }).click();
    const key = await page.getByLabel("The new key").inputValue();
    const ask = () => fetch(`${world.address}/api/environments`, { headers: { "x-api-key": key } });
    expectThat((await ask()).status === 200, "The key does not work");
    await page.getByRole("button", { name: "Revoke nightly job" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke it" }).click();
    await shown(page.getByText("You have no keys."));
    expectThat((await ask()).status === 401, "The revoked key works");
    await context.close();
  });
}
