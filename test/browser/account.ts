import { readFileSync } from "node:fs";
import { check } from "../../scripts/lib/checks.ts";
import {
  expectAccessible,
  expectNoWider,
  expectThat,
  focusIsOn,
  shown,
  visit,
  visitSignedIn,
  type World,
} from "./world.ts";

const NAME = "Holder";
const PASSWORD = "a long password";

/** One's own account: name, password, sessions, data, and its end. */
export async function checkAccount(world: World): Promise<void> {
  const email = "holder@example.com";
  const { context: first, page: opened } = await visit(world);
  await opened.goto("/sign-up");
  await opened.getByLabel("Your name").fill(NAME);
  await opened.getByLabel("E-mail address").fill(email);
  await opened.getByLabel("Password").fill(PASSWORD);
  await opened.getByRole("button", { name: "Sign up" }).click();
  await shown(opened.getByRole("button", { name: "Sign out" }));
  await first.close();

  await check(
    "a name is changed on the account's page, which the shell leads to and shows at once",
    async () => {
      const { context, page } = await visitSignedIn(world, { width: 320 }, { email, password: PASSWORD });
      await page.goto("/captures");
      await page.getByRole("link", { name: NAME }).click();
      await focusIsOn(page, "Your account");
      await page.getByLabel("Your name").fill("Holder Two");
      await page.getByRole("button", { name: "Change the name" }).click();
      await shown(page.getByRole("link", { name: "Holder Two" }));
      await shown(page.locator("#address-title ~ .card").getByText(email));
      await shown(page.locator("#sessions-title ~ .card table"));
      await expectNoWider(page, 320, "/account");
      await context.close();
    },
  );

  await check("sessions are shown with their devices, this one first, and another is ended", async () => {
    const { context, page, send } = await visitSignedIn(world, {}, { email, password: PASSWORD });
    await fetch(`${world.address}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "curl/8.14.1" },
      body: JSON.stringify({ email, password: PASSWORD }),
    });
    await page.goto("/account");
    const rows = page.locator("#sessions-title ~ .card table tbody tr");
    await shown(rows.first());
    expectThat((await rows.first().innerText()).includes("This session"), "Another session is the first");
    await shown(rows.first().getByText("Chrome on Linux"));
    const before = (await send<object[]>("GET", "/api/auth/list-sessions")).length;
    await page.getByRole("button", { name: "End the session of curl" }).click();
    await expectAccessible(page);
    await page.getByRole("dialog").getByRole("button", { name: "End it" }).click();
    await page.getByRole("button", { name: "End the session of curl" }).waitFor({ state: "detached" });
    expectThat(
      (await send<object[]>("GET", "/api/auth/list-sessions")).length === before - 1,
      "It has not ended",
    );
    await page.getByRole("button", { name: "End all other sessions" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End them" }).click();
    await page.getByRole("button", { name: "End all other sessions" }).waitFor({ state: "detached" });
    expectThat((await send<object[]>("GET", "/api/auth/list-sessions")).length === 1, "Others live on");
    await context.close();
  });

  await check(
    "a password is changed, which ends the other sessions and says so; a wrong one is told",
    async () => {
      const other = await visitSignedIn(world, {}, { email, password: PASSWORD });
      const { context, page } = await visitSignedIn(world, {}, { email, password: PASSWORD });
      await page.goto("/account");
      const change = page.getByRole("button", { name: "Change the password" });
      await page.getByLabel("The password until now").fill("not this one");
      await page.getByLabel("The new password").fill("another password");
      await change.click();
      await shown(page.getByText("is not your password"));
      await page.getByLabel("The password until now").fill(PASSWORD);
      await change.click();
      await shown(page.getByText("Your password is changed, and your other sessions have ended"));
      await page.getByRole("button", { name: "End all other sessions" }).waitFor({ state: "detached" });
      await shown(page.locator("#sessions-title ~ .card tbody tr").getByText("This session"));
      await other.page.goto("/captures");
      await shown(other.page.getByRole("heading", { name: "Sign in" }));
      await other.context.close();
      await page.reload();
      await shown(page.getByRole("heading", { name: "Your account" }));
      await context.close();
    },
  );

  await check(
    "the data are one file without secrets, and the account is deleted by its password",
    async () => {
      const { context, page } = await visitSignedIn(world, {}, { email, password: "another password" });
      await page.goto("/account");
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name: "Download your data" }).click();
      const file = await download;
      expectThat(file.suggestedFilename() === "captures-account.json", `It is ${file.suggestedFilename()}`);
      const exported = JSON.parse(readFileSync(await file.path(), "utf8"));
      expectThat(exported.account.email === email && exported.version === 1, "It is somebody else's");
      await page.getByRole("button", { name: "Delete your account…" }).click();
      const dialog = page.getByRole("dialog", { name: "Delete your account?" });
      await dialog.getByLabel("Your password").fill("not this one");
      await expectAccessible(page);
      await dialog.getByRole("button", { name: "Delete the account" }).click();
      await shown(dialog.getByText("is not your password"));
      await dialog.getByLabel("Your password").fill("another password");
      await dialog.getByRole("button", { name: "Delete the account" }).click();
      await shown(page.getByRole("heading", { name: "Sign in" }));
      const again = await fetch(`${world.address}/api/auth/sign-in/email`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email, password: "another password" }),
      });
      expectThat(again.status === 401, `Signing in is answered with ${again.status}`);
      await context.close();
    },
  );
}
