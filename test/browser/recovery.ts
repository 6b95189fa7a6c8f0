import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { check } from "../../scripts/lib/checks.ts";
import { linkTo, mailTo } from "./mails.ts";
import {
  expectAccessible,
  expectNoWider,
  expectThat,
  focusIsOn,
  shown,
  signIn,
  visit,
  visitSignedIn,
  type World,
} from "./world.ts";

const NARROW = 320;
const OLD = "a long password";
const NEW = "another long password";
const RESET = "set a new password";
const CONFIRM = "confirm your e-mail address";

/** Ways back into an account, by the mail that the local binding keeps. */
export async function checkRecovery(world: World): Promise<void> {
  let people = 0;
  /** Somebody who has signed up, and whose sessions are nowhere in a browser. */
  const newcomer = async () => {
    const email = `recovery-${++people}@example.com`;
    const reply = await fetch(`${world.address}/api/auth/sign-up/email`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: `Recovery ${people}`, email, password: OLD }),
    });
    expectThat(reply.ok, `The sign-up answered ${reply.status}`);
    return email;
  };

  await check(
    "whoever forgot the password is mailed a link, and is signed in with a new one, by keys alone",
    async () => {
      const email = await newcomer();
      const { context, page } = await visit(world);
      await page.goto("/captures");
      await page.getByRole("link", { name: "Forgot your password?" }).press("Enter");
      await focusIsOn(page, "Forgot your password?");
      await expectAccessible(page);
      await page.getByLabel("E-mail address").fill(email);
      await page.keyboard.press("Enter");
      await focusIsOn(page, "Look into your mail");
      await expectAccessible(page);
      const link = await linkTo(world, email, RESET);
      await page.goto(link);
      await shown(page.getByRole("heading", { name: "Set a new password" }));
      await expectAccessible(page);
      await page.getByLabel("New password").fill("short");
      await page.keyboard.press("Enter");
      await shown(page.getByText("must be at least 8 characters long"));
      await page.getByLabel("New password").fill(NEW);
      await page.keyboard.press("Enter");
      await shown(page.getByRole("button", { name: "Sign out" }));
      await page.waitForURL(({ pathname, hash }) => pathname === "/captures" && hash === "");
      await shown(page.getByText("Your password is set, and all sessions have ended."));
      await mailTo(world, email, "your password was changed");
      await page.getByRole("button", { name: "Sign out" }).click();
      await signIn(page, { email, password: NEW });
      await page.goto(link);
      await page.getByLabel("New password").fill(OLD);
      await page.keyboard.press("Enter");
      await shown(page.getByRole("alert").filter({ hasText: "has expired or was used already" }));
      await context.close();
    },
  );

  await check("an address without an account gets the same answer as one with an account", async () => {
    const { context, page } = await visit(world);
    await page.goto("/forgot");
    await page.getByLabel("E-mail address").fill("nobody-at-all@example.com");
    await page.keyboard.press("Enter");
    await focusIsOn(page, "Look into your mail");
    await page.getByRole("button", { name: "Another address" }).click();
    await page.getByLabel("E-mail address").fill("no address");
    await page.keyboard.press("Enter");
    await shown(page.getByText("must be an e-mail address, such as name@example.com"));
    await context.close();
  });

  await check("the mail of a sign-up confirms the address, which admins see until then is not", async () => {
    const email = await newcomer();
    const admin = await visitSignedIn(world);
    const { code } = await admin.send<{ code: string }>("POST", "/api/environments/1/invites", {
      role: "member",
    });
    const { context, page, send } = await visitSignedIn(world, {}, { email, password: OLD });
    await send("POST", "/api/invites/accept", { code });
    await admin.page.goto("/environments/1");
    const row = admin.page.getByRole("row").filter({ hasText: email });
    await shown(row.getByText("Address not confirmed"));
    await expectAccessible(admin.page);
    await context.clearCookies();
    await page.goto(await linkTo(world, email, CONFIRM));
    await shown(page.getByRole("heading", { name: "Confirm your e-mail address" }));
    await expectAccessible(page);
    await signIn(page, { email, password: OLD });
    await page.getByRole("button", { name: "Confirm" }).click();
    await focusIsOn(page, "Your address is confirmed");
    await expectAccessible(page);
    await admin.page.reload();
    await shown(row);
    expectThat((await row.getByText("Address not confirmed").count()) === 0, "The address is still marked");
    const { userId } = (
      await send<{ userId: string; email: string }[]>("GET", "/api/environments/1/members")
    ).find((member) => member.email === email) as { userId: string };
    await admin.send("DELETE", `/api/environments/1/members/${userId}`);
    await admin.context.close();
    await context.close();
  });

  await check(
    "an invite for one address is joined by its link once the address is confirmed, by keys alone",
    async () => {
      const email = `recovery-${++people}@example.com`;
      const admin = await visitSignedIn(world);
      const { code } = await admin.send<{ code: string }>("POST", "/api/environments/1/invites", {
        role: "viewer",
        email,
      });
      const { context, page } = await visit(world, { width: NARROW, colours: "dark" });
      await page.goto(`/invite#code=${code}`);
      await page.getByLabel("Your name").fill("Invited");
      await page.getByLabel("E-mail address").fill(email);
      await page.getByLabel("Password").fill(OLD);
      await page.keyboard.press("Enter");
      await shown(page.getByRole("heading", { name: "Confirm your address first" }));
      await expectAccessible(page);
      await expectNoWider(page, NARROW, "The invite");
      await page.getByRole("button", { name: "I have confirmed it" }).press("Enter");
      await shown(page.getByText("It is not confirmed yet."));
      await page.getByRole("button", { name: "Send me a link to confirm it" }).press("Enter");
      await shown(page.getByText("A mail is on its way"));
      const tab = await context.newPage();
      await tab.goto(await linkTo(world, email, CONFIRM));
      await tab.getByRole("button", { name: "Confirm" }).press("Enter");
      await shown(tab.getByRole("heading", { name: "Your address is confirmed" }));
      await tab.close();
      await page.getByRole("button", { name: "I have confirmed it" }).press("Enter");
      await shown(page.getByText("Invited by"));
      await page.getByRole("button", { name: "Join" }).press("Enter");
      await shown(page.getByText("You have joined demo"));
      const members = await admin.send<{ userId: string; email: string }[]>(
        "GET",
        "/api/environments/1/members",
      );
      const joined = members.find((member) => member.email === email);
      await admin.send("DELETE", `/api/environments/1/members/${joined?.userId}`);
      await Promise.all([context.close(), admin.context.close()]);
    },
  );

  await check(
    "whoever owns the address of an account that another has made takes it over by the same mail",
    async () => {
      const email = await newcomer();
      const attacker = await visitSignedIn(world, {}, { email, password: OLD });
      await attacker.page.goto("/keys");
      await shown(attacker.page.getByRole("heading", { name: "API keys", level: 1 }));
      const { context, page } = await visit(world);
      await page.goto(await linkTo(world, email, CONFIRM));
      await page.getByRole("link", { name: "Set a new password" }).click();
      await focusIsOn(page, "Set a new password");
      await page.getByLabel("New password").fill(NEW);
      await page.getByRole("button", { name: "Set the password" }).click();
      await shown(page.getByText("The API keys and the calendar's address have ended, too."));
      await attacker.page.reload();
      await shown(attacker.page.getByRole("heading", { name: "Sign in" }));
      await attacker.page.getByLabel("E-mail address").fill(email);
      await attacker.page.getByLabel("Password").fill(OLD);
      await attacker.page.getByRole("button", { name: "Sign in" }).click();
      await shown(attacker.page.getByText("The e-mail address or the password is wrong"));
      await attacker.context.close();
      await context.close();
    },
  );

  await check("an operator's link lets somebody in without any mail", async () => {
    const email = await newcomer();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["scripts/reset-link.ts", email, "--url", world.address],
      { env: { ...process.env, PERSIST_TO: world.state } },
    );
    const [link] = /^http\S+$/m.exec(stdout) ?? [];
    if (link === undefined) throw new Error(`The command has printed no link: ${stdout}`);
    const { context, page } = await visit(world);
    await page.goto(link);
    await page.getByLabel("New password").fill(NEW);
    await page.getByRole("button", { name: "Set the password" }).click();
    await shown(page.getByRole("button", { name: "Sign out" }));
    await context.close();
  });

  for (const colours of ["light", "dark"] as const) {
    await check(`the ways back fit a screen of ${NARROW} pixels, in ${colours} colours`, async () => {
      const { context, page } = await visit(world, { width: NARROW, height: 640, colours });
      for (const [path, heading] of [
        ["/forgot", "Forgot your password?"],
        ["/reset#token", "Set a new password"],
        ["/reset", "Set a new password"],
        ["/verify#token", "Confirm your e-mail address"],
        ["/verify", "Confirm your e-mail address"],
      ] as const) {
        // Also where only what is behind the # differs.
        await page.goto("about:blank");
        await page.goto(path);
        await shown(page.getByRole("heading", { name: heading }));
        await expectNoWider(page, NARROW, path);
        await expectAccessible(page);
      }
      await context.close();
    });
  }
}
