import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { control } from "../../scripts/lib/control.ts";
import { DEMO, LOCAL_AWS } from "../../scripts/lib/local.ts";

export const HOUR_MS = 3_600_000;
/** How long something may take to show, on a machine that is busy with other things. */
export const PATIENCE_MS = 30_000;
/** How much of a page is quoted, in characters. */
const MAX_SAID = 500;
/**
 * How long a start may take when the last capture of the same log has just ended: servers that may still be about to switch the
 * log off are waited for (SOON_AGAIN_MS in src/leases/state.ts), by tries that are further and further apart.
 */
export const LOG_ON_AGAIN_MS = 30_000 + PATIENCE_MS;
/** How long until a capture that is scheduled for the next full minute has started. */
export const NEXT_MINUTE_MS = 60_000 + LOG_ON_AGAIN_MS;
/** How long a capture of a minute may take until it has ended, with all that its log has still to say (LOG_SETTLE_MS). */
export const MINUTE_AND_MORE_MS = 60_000 + 10_000 + PATIENCE_MS;

/** The service and the browser that all checks use. */
export interface World {
  address: string;
  awsAddress: string;
  /** The folder of the service's data. */
  state: string;
  browser: Browser;
  /** What no page may do, collected from all pages: requests to other hosts, violations of the policy, uncaught errors. */
  offences: string[];
}

/** The screen and colours of a browser. */
export interface Look {
  width?: number;
  height?: number;
  colours?: "light" | "dark";
}

/** Opens a browser for somebody; it has cookies of its own. */
export async function visit(world: World, look: Look = {}): Promise<{ context: BrowserContext; page: Page }> {
  const context = await world.browser.newContext({
    baseURL: world.address,
    viewport: { width: look.width ?? 1280, height: look.height ?? 800 },
    colorScheme: look.colours ?? "light",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on("pageerror", (error) => world.offences.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text())) world.offences.push(message.text());
  });
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && host !== new URL(world.address).host) {
      world.offences.push(`${page.url()} asked ${request.url()}`);
    }
  });
  return { context, page };
}

/** Signs in as a person does. */
export async function signIn(
  page: Page,
  { email, password }: { email: string; password: string } = DEMO,
): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/** Opens a browser for somebody who is signed in already; as the demo account unless another is given. */
export async function visitSignedIn(
  world: World,
  look: Look = {},
  account: { email: string; password: string } = DEMO,
): Promise<{ context: BrowserContext; page: Page; send: Send }> {
  const { context, page } = await visit(world, look);
  const send = sender(world, context);
  await send("POST", "/api/auth/sign-in/email", { email: account.email, password: account.password });
  return { context, page, send };
}

/** Sends a request to the API, for what a check needs to be there. */
export type Send = <T = unknown>(method: string, path: string, body?: unknown) => Promise<T>;

function sender({ address }: World, context: BrowserContext): Send {
  return async <T>(method: string, path: string, body?: unknown) => {
    const reply = await context.request.fetch(address + path, {
      method,
      headers: { origin: address },
      ...(body !== undefined && { data: body }),
    });
    if (!reply.ok()) throw new Error(`${method} ${path} answered ${reply.status()} ${await reply.text()}`);
    return (await reply.json()) as T;
  };
}

/** Lets calls of AWS fail for the demo environment's account, or with null succeed again. */
export async function failAws(world: World, fault: { kind: string; action: string } | null): Promise<void> {
  const { accessKeyId } = LOCAL_AWS.customer;
  await (fault === null
    ? control(world.awsAddress, "DELETE", `faults?accessKeyId=${accessKeyId}`)
    : control(world.awsAddress, "POST", "faults", { accessKeyId, ...fault }));
}

/** Waits until a condition holds, or fails with its description. */
export async function eventually(
  what: string | (() => string),
  holds: () => Promise<boolean>,
  withinMs = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error(`It did not come to be: ${typeof what === "string" ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Waits until something is shown, or fails with what the page shows instead. */
export async function shown(locator: Locator, timeout = PATIENCE_MS): Promise<void> {
  try {
    await locator.first().waitFor({ state: "visible", timeout });
  } catch (error) {
    const said = await locator.page().locator("body").innerText();
    throw new Error(`${(error as Error).message}\nThe page says: ${said.slice(0, MAX_SAID)}`);
  }
}

/** The state on a capture's page, if it is the one that is named. */
export const stateOf = (page: Page, state: string): Locator =>
  page.locator(".state .status").filter({ hasText: state });

/** Fails unless a condition holds. */
export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** Fails if a page is wider than its screen of so many pixels. @param what the page, in words */
export async function expectNoWider(page: Page, width: number, what: string): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expectThat(wide <= width, `${what} is ${wide} pixels wide`);
}

/** Changes what the API answers a page. */
export function changeReply<T extends object>(
  page: Page,
  path: string | ((url: URL) => boolean),
  changed: (reply: T) => unknown,
): Promise<unknown> {
  return page.route(path, async (route) => {
    const reply = await route.fetch();
    await route.fulfill({ json: changed(await reply.json()) });
  });
}

/** Waits until what has the focus says a text. */
export async function focusIsOn(page: Page, text: string): Promise<void> {
  let focused: string | null | undefined;
  await eventually(
    () => `the focus is on ${text} (but it is on ${focused})`,
    async () => {
      focused = await page.evaluate(() =>
        document.activeElement === document.body ? "nothing" : document.activeElement?.textContent,
      );
      return focused === text;
    },
  );
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeViolation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** Fails when axe finds a problem of accessibility on a page. */
export async function expectAccessible(page: Page): Promise<void> {
  // Evaluated by the debugger, which the page's policy does not hold for.
  await page.evaluate(axeSource);
  const violations = (await page.evaluate(
    "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)",
  )) as AxeViolation[];
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html)}`);
  expectThat(found.length === 0, `axe on ${page.url()}: ${found.join("; ")}`);
}
