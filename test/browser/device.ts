import type { Page } from "playwright-core";
import { check } from "../../scripts/lib/checks.ts";
import { type DeviceLogin, pollDeviceLogin, startDeviceLogin } from "../../src/client/index.ts";
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

const CLIENT = "captures on build-7";
const NARROW = 320;

/** The login of a program without a browser, which a person approves. */
export async function checkDevice(world: World): Promise<void> {
  const options = { baseUrl: world.address };
  const begin = (client = CLIENT) => startDeviceLogin(options, client);
  const keyOf = (login: DeviceLogin) => pollDeviceLogin(options, { ...login, interval: 0 });

  await check("a program's link leads through the sign-in to its login, approved by keys alone", async () => {
    const login = await begin();
    const { context, page } = await visit(world);
    await page.goto(login.verificationUriComplete);
    await shown(page.getByText("A program asks to be logged in."));
    await expectAccessible(page);
    await signIn(page);
    await focusIsOn(page, "Log a program in");
    expectThat((await page.getByLabel("Code").inputValue()) === login.userCode, "The code is not filled in");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await focusIsOn(page, "Approve this login?");
    await shown(page.getByText(CLIENT));
    await shown(page.getByText(login.userCode));
    await shown(page.getByText("Approve it only if you have just started it yourself"));
    await expectAccessible(page);
    // What its key may do, and where, stays.
    for (let field = 0; field < 3; field++) await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Tab");
    await focusIsOn(page, "Approve");
    await page.keyboard.press("Enter");
    await focusIsOn(page, "Approved");
    await expectAccessible(page);
    const { key, expiresAt, user } = await keyOf(login);
    expectThat(user.email === "demo@example.com", `The key is ${user.email}'s`);
    const days = Math.round((expiresAt.getTime() - Date.now()) / 86_400_000);
    expectThat(days === 30, `The key is valid for ${days} days`);
    const reply = await fetch(`${world.address}/api/captures`, { headers: { "x-api-key": key } });
    expectThat(reply.status === 200, `The key is answered ${reply.status}`);
    await page.getByRole("main").getByRole("link", { name: "API keys" }).click();
    await page.getByRole("button", { name: `Revoke ${CLIENT}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke it" }).click();
    await shown(page.getByText("You have no keys."));
    await context.close();
  });

  await check(
    "a code that is typed is looked up however it is written, and a wrong one is said to be",
    async () => {
      const login = await begin();
      const { context, page } = await visitSignedIn(world);
      await page.goto("/keys");
      await page.getByRole("link", { name: "by its code" }).click();
      const continueWith = async (code: string) => {
        await page.getByLabel("Code").fill(code);
        await page.keyboard.press("Enter");
      };
      await continueWith("bcdf");
      await shown(page.getByText("must be a code of eight letters, such as BCDF-GHJK"));
      await expectAccessible(page);
      await continueWith("BBBB-BBBB");
      await shown(page.getByText("is not known, has expired or was used already"));
      await continueWith(login.userCode.toLowerCase().replace("-", " "));
      await shown(page.getByRole("heading", { name: "Approve this login?" }));
      await shown(page.getByText(login.userCode));
      await page.getByRole("button", { name: "Another code" }).click();
      await focusIsOn(page, "Log a program in");
      await context.close();
    },
  );

  await check("a login that is denied gets no key, and one that is decided elsewhere says so", async () => {
    const { context, page } = await visitSignedIn(world);
    const open = async (login: DeviceLogin) => {
      await page.goto(login.verificationUriComplete);
      await page.getByRole("button", { name: "Continue" }).click();
      await shown(page.getByRole("button", { name: "Deny" }));
    };
    const login = await begin();
    await open(login);
    await page.getByRole("button", { name: "Deny" }).click();
    await focusIsOn(page, "Denied");
    const denied = await keyOf(login).catch(({ reason }: { reason: string }) => reason);
    expectThat(denied === "access_denied", `The program was answered ${JSON.stringify(denied)}`);
    const other = await begin();
    await open(other);
    const elsewhere = await visitSignedIn(world);
    await elsewhere.send("POST", "/api/auth/device/deny", { userCode: other.userCode });
    await elsewhere.context.close();
    await page.getByRole("button", { name: "Approve" }).click();
    await shown(page.getByRole("alert").filter({ hasText: "has expired or was used already" }));
    await expectAccessible(page);
    await context.close();
  });

  for (const colours of ["light", "dark"] as const) {
    await check(
      `a login is read and approved on a screen of ${NARROW} pixels, in ${colours} colours`,
      async () => {
        const { context, page } = await visitSignedIn(world, { width: NARROW, height: 640, colours });
        const fits = async (page: Page, what: string) => {
          await expectNoWider(page, NARROW, what);
          await expectAccessible(page);
        };
        const login = await begin(`captures on ${"a-host-with-a-long-name.".repeat(3)}`);
        await page.goto(login.verificationUriComplete);
        await shown(page.getByRole("button", { name: "Continue" }));
        await fits(page, "the page of the code");
        await page.getByRole("button", { name: "Continue" }).click();
        await shown(page.getByRole("button", { name: "Approve" }));
        await fits(page, "the page of the login");
        await page.getByRole("button", { name: "Approve" }).click();
        await shown(page.getByRole("heading", { name: "Approved" }));
        await fits(page, "the page of what was decided");
        await context.close();
      },
    );
  }
}
