import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { check } from "../../scripts/lib/checks.ts";
import { tryPort } from "../../scripts/lib/ports.ts";
import { startService, stopGroup } from "../../scripts/lib/service.ts";
import { startDeviceLogin } from "../../src/client/index.ts";
import { type RunningProvider, signInAt, startProvider, stopProvider } from "./provider.ts";
import {
  expectAccessible,
  expectNoWider,
  expectThat,
  focusIsOn,
  type Look,
  PATIENCE_MS,
  shown,
  type World,
} from "./world.ts";

const CONTACT = "the platform team, platform@example.com";
const NARROW = 320;

/** Single sign-on at two real providers, with services of its own: beside passwords, and as the only way in. */
export async function checkSignOn(world: World): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "captures-sign-on-"));
  const [port, awsPort] = [await tryPort(0), await tryPort(0)];
  const address = `http://localhost:${port}`;
  // Providers of other sites than the console's, as they would be.
  const acme = await startProvider(
    { id: "acme", name: "Acme", host: "127.0.0.1", inIdToken: false },
    address,
  );
  const second = await startProvider(
    { id: "dba", name: "DBA desk", host: "127.0.0.2", inIdToken: true },
    address,
  );
  const settings = {
    PORT: String(port),
    AWS_PORT: String(awsPort),
    OIDC_PROVIDERS: JSON.stringify({
      version: 1,
      contact: CONTACT,
      providers: [
        { ...shownOf(acme), domains: ["sso.example"] },
        { ...shownOf(second), groups: { claim: "groups", values: ["dba"] }, prompt: "login" },
      ],
    }),
  };
  const serving = async (more: Record<string, string>, run: () => Promise<void>) => {
    const PERSIST_TO = join(folder, more.SIGN_IN ?? "both");
    const service = await startService({ ...settings, PERSIST_TO, ...more });
    try {
      await run();
    } finally {
      await stopGroup(service, "SIGKILL");
    }
  };
  try {
    await serving({}, () => besidePasswords({ ...world, address }, acme, second));
    await serving({ SIGN_IN: "sso" }, () => asTheOnlyWay({ ...world, address }, acme));
  } finally {
    for (const provider of [acme, second]) stopProvider(provider);
    rmSync(folder, { recursive: true, force: true });
  }
}

const shownOf = ({ server: _, ...provider }: RunningProvider) => provider;

/** A browser that may go to other sites, as a sign-on does. */
async function visit(world: World, look: Look = {}): Promise<{ context: BrowserContext; page: Page }> {
  const context = await world.browser.newContext({
    baseURL: world.address,
    viewport: { width: look.width ?? 1280, height: look.height ?? 800 },
    colorScheme: look.colours ?? "light",
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on("pageerror", (error) => world.offences.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text()) && page.url().startsWith(world.address))
      world.offences.push(message.text());
  });
  return { context, page };
}

const choose = (page: Page, { name }: RunningProvider) =>
  page.getByRole("button", { name: `Sign in with ${name}` }).click();
const signOut = (page: Page) => page.getByRole("button", { name: "Sign out" }).click();

async function besidePasswords(world: World, acme: RunningProvider, second: RunningProvider): Promise<void> {
  await check(
    "somebody signs on at a provider, out, and on again, and comes back to the page they wanted",
    async () => {
      const { context, page } = await visit(world);
      await page.goto("/environments?x=1");
      await shown(page.getByLabel("Password"));
      await expectAccessible(page);
      await choose(page, acme);
      await signInAt(page, acme, "ada");
      await shown(page.getByRole("heading", { name: "Environments", level: 1 }));
      await focusIsOn(page, "Environments");
      await page.waitForURL(`${world.address}/environments?x=1`);
      await shown(page.getByText("Person ada"));
      await signOut(page);
      // The provider still knows them.
      await choose(page, acme);
      await page.waitForURL(`${world.address}/captures`);
      await shown(page.getByText("Person ada"));
      // What was in the address is not in the history, either.
      await page.goBack();
      expectThat(!page.url().includes("code="), `The address is ${page.url()}`);
      await context.close();
    },
  );

  await check("a second provider leads to the same account by the same verified address", async () => {
    const { context, page } = await visit(world);
    const account = async (provider: RunningProvider) => {
      await page.goto("/");
      await choose(page, provider);
      await signInAt(page, provider, "dba-grace");
      await shown(page.getByText("Person dba-grace"));
      const reply = await context.request.get(`${world.address}/api/auth/get-session`);
      await signOut(page);
      await shown(page.getByRole("heading", { name: "Sign in" }));
      return ((await reply.json()) as { user: { id: string } }).user.id;
    };
    const [first, again] = [await account(acme), await account(second)];
    expectThat(first === again, `There are two accounts: ${first} and ${again}`);
    await context.close();
  });

  await check("who is of another domain, or in no group, is told so and whom to ask", async () => {
    for (const { provider, account, words } of [
      {
        provider: acme,
        account: "guest",
        words: "Your address at Acme is not of a domain that may sign in here",
      },
      { provider: second, account: "bob", words: "You are in no group at DBA desk that may sign in here" },
    ]) {
      const { context, page } = await visit(world, { width: NARROW, colours: "dark" });
      await page.goto("/schedules");
      await choose(page, provider);
      await signInAt(page, provider, account);
      await shown(page.getByRole("alert").filter({ hasText: words }));
      await shown(page.getByRole("alert").filter({ hasText: CONTACT }));
      await focusIsOn(page, "You are not signed in");
      await expectAccessible(page);
      await expectNoWider(page, NARROW, "The page");
      await page.getByRole("link", { name: "Other ways to sign in" }).click();
      await page.waitForURL(`${world.address}/schedules`);
      await shown(page.getByRole("heading", { name: "Sign in" }));
      await context.close();
    }
  });

  await check(
    "who says no at the provider is told that they are not signed in, and may try again",
    async () => {
      const { context, page } = await visit(world);
      await page.goto("/");
      await choose(page, acme);
      await page.waitForURL((url) => url.origin === acme.issuer);
      await page.getByRole("link", { name: "Cancel" }).click();
      await shown(page.getByText("Acme did not sign you in"));
      await page.getByRole("button", { name: "Try again" }).click();
      await signInAt(page, acme, "ada");
      await shown(page.getByRole("heading", { name: "Captures", level: 1 }));
      await context.close();
    },
  );

  await check(
    "the code of a device login, and that of an invite, are found again after a sign-on",
    async () => {
      const login = await startDeviceLogin({ baseUrl: world.address }, "captures on build-7");
      const { context, page } = await visit(world);
      await page.goto(login.verificationUriComplete);
      await choose(page, acme);
      await signInAt(page, acme, "linus");
      await shown(page.getByRole("heading", { name: "Log a program in" }));
      const code = await page.getByLabel("Code").inputValue();
      expectThat(code === login.userCode, `The code is ${JSON.stringify(code)}`);
      await signOut(page);
      await page.goto("/invite#code=an-invite");
      await choose(page, acme);
      await shown(page.getByRole("heading", { name: "Join an environment" }));
      await shown(page.getByRole("alert"));
      expectThat(page.url().endsWith("/invite#code=an-invite"), `The address is ${page.url()}`);
      await context.close();
    },
  );

  await check("a link that somebody else has made signs nobody in", async () => {
    const { context, page } = await visit(world);
    await page.goto("/sign-on/acme?state=theirs&code=theirs");
    await shown(page.getByText("This sign-on was not begun in this browser"));
    expectThat(page.url() === `${world.address}/sign-on/acme`, `The address is ${page.url()}`);
    await page.goto("/sign-on/acme");
    await shown(page.getByRole("heading", { name: "Sign in" }));
    await page.goto("/sign-on/nope?state=a&code=b");
    await shown(page.getByText("is not one that people sign in with here"));
    await context.close();
  });

  await check("a provider that is away is said to be, and the password goes on", async () => {
    const { context, page } = await visit(world);
    await page.goto("/");
    await page.route("**/api/auth/sign-on/start", (route) =>
      route.fulfill({
        status: 503,
        json: { code: 503, message: "Acme does not answer just now: try again soon" },
      }),
    );
    await choose(page, acme);
    await shown(page.getByRole("alert").filter({ hasText: "Acme does not answer just now" }));
    await page.getByLabel("E-mail address").fill("demo@example.com");
    await page.getByLabel("Password").fill("demo-password");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await shown(page.getByRole("heading", { name: "Captures", level: 1 }));
    // Where the session ends, the dialog has both ways, too.
    await context.clearCookies();
    await page.getByRole("link", { name: "Environments" }).first().click();
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.getByRole("button", { name: "Sign in with Acme" }).waitFor();
    await expectAccessible(page);
    await context.close();
  });
}

async function asTheOnlyWay(world: World, acme: RunningProvider): Promise<void> {
  await check("as the only way in, there is no password to type, and the keyboard is enough", async () => {
    const { context, page } = await visit(world, { width: NARROW });
    await page.goto("/");
    await shown(page.getByRole("button", { name: "Sign in with Acme" }));
    expectThat((await page.getByLabel("Password").count()) === 0, "There is a field for a password");
    expectThat(
      (await page.getByText("I have no account yet").count()) === 0,
      "One can sign up by a password",
    );
    await expectAccessible(page);
    await expectNoWider(page, NARROW, "The sign-in");
    await page.getByRole("button", { name: "Sign in with Acme" }).focus();
    await page.keyboard.press("Enter");
    await signInAt(page, acme, "ada");
    await shown(page.getByRole("heading", { name: "Captures", level: 1 }));
    const reply = await context.request.post(`${world.address}/api/auth/sign-in/email`, {
      headers: { origin: world.address },
      data: { email: "demo@example.com", password: "demo-password" },
    });
    expectThat(reply.status() === 403, `A password is answered ${reply.status()}`);
    await context.close();
  });

  await check(
    "as the only way in, no page asks for a password, and an account is deleted without one",
    async () => {
      const { context, page } = await visit(world, { width: NARROW, colours: "dark" });
      for (const [path, heading] of [
        ["/forgot", "Forgot your password?"],
        ["/reset#a-token", "Set a new password"],
      ] as const) {
        await page.goto(path);
        await shown(page.getByRole("heading", { name: heading, level: 1 }));
        await shown(page.getByText("People sign in here by single sign-on only"));
        await shown(page.getByText(CONTACT));
        expectThat((await page.getByRole("textbox").count()) === 0, `${path} has a field`);
        await expectAccessible(page);
        await expectNoWider(page, NARROW, path);
      }
      await page.getByRole("link", { name: "Sign in" }).press("Enter");
      await choose(page, acme);
      await signInAt(page, acme, "grace");
      await shown(page.getByRole("heading", { name: "Captures", level: 1 }));
      await page.goto("/account");
      await shown(page.getByRole("heading", { name: "Your data" }));
      await shown(page.getByText("This session"));
      expectThat(
        (await page.locator("input[type=password]").count()) === 0,
        "The account asks for a password",
      );
      await expectAccessible(page);
      await page.getByRole("button", { name: "Delete your account" }).press("Enter");
      const dialog = page.getByRole("dialog", { name: "Delete your account?" });
      await shown(dialog.getByText("you have to have signed in within the last ten minutes"));
      expectThat((await dialog.locator("input").count()) === 0, "The deletion asks for a password");
      await expectAccessible(page);
      await expectNoWider(page, NARROW, "The deletion");
      await dialog.getByRole("button", { name: "Delete the account" }).press("Enter");
      await shown(page.getByRole("heading", { name: "Sign in" }));
      await context.close();
    },
  );
}
