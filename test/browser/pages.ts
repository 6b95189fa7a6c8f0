import { gzipSync } from "node:zlib";
import type { BrowserContext, Response } from "playwright-core";
import { check } from "../../scripts/lib/checks.ts";
import {
  changeReply,
  expectAccessible,
  expectNoWider,
  expectThat,
  focusIsOn,
  HOUR_MS,
  shown,
  visit,
  visitSignedIn,
  type World,
} from "./world.ts";

const BUDGET_BYTES = 100 * 1024;
const FIRST_PAGE_BYTES = 50 * 1024;

/** Every page: accessibility, both colours, screen sizes, bytes. */
export async function checkPages(world: World): Promise<void> {
  const setUp = await visitSignedIn(world);
  const [capture, other] = await setUp.send<{ id: number; status: string }[]>(
    "GET",
    "/api/captures?status=DONE",
  );
  await setUp.context.close();
  const pages: [path: string, ready: string][] = [
    ["/captures", "table.captures tbody tr"],
    ["/captures/new", "form"],
    [`/captures/${capture?.id}`, ".chart canvas, #metrics-title"],
    [`/captures/${capture?.id}/statements`, ".study-nav"],
    [`/captures/${capture?.id}/records`, "form"],
    [`/captures/${capture?.id}/tables`, ".study-nav"],
    [`/captures/${capture?.id}/users`, "#users-title"],
    [`/compare?a=${capture?.id}&b=${other?.id}`, ".chart canvas"],
    ["/schedules", ".page-head"],
    ["/schedules/new", ".preview time"],
    ["/environments", ".cards .card"],
    ["/environments/new", "form"],
    ["/environments/1", "select[aria-label^=Role]"],
    ["/environments/1/audit", "tbody tr"],
    ["/invite", "form"],
    ["/invite#code=abc", "[role=alert]"],
    ["/device#code=BCDF-GHJK", "form"],
    ["/keys", "form"],
    ["/account", "#sessions-title ~ .card table"],
    ["/nowhere", "h1"],
  ];

  for (const colours of ["light", "dark"] as const) {
    await check(`axe finds nothing on any page, in ${colours} colours`, async () => {
      const { context, page } = await visitSignedIn(world, { colours });
      for (const [path, ready] of pages) {
        await page.goto(path);
        await shown(page.locator(ready));
        await expectAccessible(page);
      }
      await page.goto("/environments/1");
      await page.getByRole("button", { name: "Edit" }).click();
      await shown(page.getByRole("dialog"));
      await expectAccessible(page);
      await context.close();
      const out = await visit(world, { colours });
      await out.page.goto("/");
      await shown(out.page.getByRole("heading", { name: "Sign in" }));
      await expectAccessible(out.page);
      await out.context.close();
    });
  }

  for (const width of [360, 3840]) {
    await check(`no page is wider than a screen of ${width} pixels`, async () => {
      const { context, page } = await visitSignedIn(world, { width, height: 800 });
      for (const [path, ready] of pages) {
        await page.goto(path);
        await shown(page.locator(ready));
        await expectNoWider(page, width, path);
      }
      await context.close();
    });
  }

  await check("what AWS says at length, such as ARNs, makes no page wider than a small screen", async () => {
    const arn = `arn:aws:sts::123456789012:assumed-role/${"a-long-name-of-a-role-".repeat(9)}`;
    const reason = `AWS does not permit it: User: ${arn} is not authorized`;
    const { context, page, send } = await visitSignedIn(world, { width: 390 });
    const { id } = await send<{ id: number }>("POST", "/api/captures", {
      name: "with a long reason",
      envId: 1,
      scheduledStart: new Date(Date.now() + HOUR_MS).toISOString(),
      duration: 60,
    });
    await send("POST", `/api/captures/${id}/cancel`);
    await changeReply<object[]>(page, `**/api/captures/${id}/events`, (events) =>
      events.map((event) => ({ ...event, reason })),
    );
    await changeReply(
      page,
      (url) => url.pathname === `/api/captures/${id}`,
      (full) => ({
        ...full,
        reason,
        obstacle: reason,
      }),
    );
    await changeReply(page, "**/api/environments/1", (environment) => ({
      ...environment,
      owed: [
        {
          region: "eu-central-1",
          parameterGroup: arn,
          settings: null,
          since: new Date().toISOString(),
          reason,
        },
      ],
      checks: [
        { id: "state", title: arn, status: "failed", severity: "error", detail: reason, action: reason },
      ],
    }));
    for (const [path, said] of [
      [`/captures/${id}`, ".timeline-reason"],
      [`/captures/${id}`, ".state .note"],
      ["/environments/1", "#owed"],
      ["/environments/1", ".checks p"],
    ] as const) {
      await page.goto(path);
      await shown(page.locator(said));
      await expectNoWider(page, 390, `${path} with ${said}`);
    }
    await send("DELETE", `/api/captures/${id}`);
    await context.close();
  });

  await check("keys alone lead from page to page, and the focus follows", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/captures");
    await shown(page.locator("table.captures tbody tr"));
    await page.keyboard.press("Tab");
    const first = await page.evaluate(() => document.activeElement?.textContent);
    expectThat(first === "Skip to the content", `The first is ${first}`);
    for (let i = 0; i < 3; i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await shown(page.getByRole("heading", { name: "Environments", level: 1 }));
    const focused = await page.evaluate(() => document.activeElement?.textContent);
    expectThat(focused === "Environments", `The focus is on ${focused}`);
    expectThat((await page.title()) === "Environments · Captures", `The title is ${await page.title()}`);
    await page.goBack();
    await shown(page.getByRole("heading", { name: "Captures", level: 1 }));
    await context.close();
  });

  await check("the reader's choice of colours holds, and is kept", async () => {
    const { context, page } = await visitSignedIn(world);
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    await page.goto("/captures");
    await shown(page.getByRole("heading", { name: "Captures", level: 1 }));
    const light = await background();
    await page.getByRole("combobox", { name: "Colours" }).selectOption("dark");
    const dark = await background();
    expectThat(dark !== light, `The background is ${dark}`);
    await page.reload();
    await shown(page.getByRole("heading", { name: "Captures", level: 1 }));
    expectThat((await background()) === dark, "The choice is forgotten");
    await context.close();
  });

  await check("each page's first load is less than 100 KiB, all of it, compressed", async () => {
    const { context } = await visitSignedIn(world);
    for (const [path, ready] of pages) {
      const bytes = await sizeOfLoad(context, path, ready);
      expectThat(bytes > 10_000 && bytes < BUDGET_BYTES, `${path} is ${bytes} bytes`);
    }
    await context.close();
  });

  await check("the list of captures is less than 50 KiB: it has no code of other pages", async () => {
    const { context } = await visitSignedIn(world);
    const bytes = await sizeOfLoad(context, "/captures", "table.captures tbody tr");
    expectThat(bytes < FIRST_PAGE_BYTES, `It is ${bytes} bytes`);
    await context.close();
  });

  await check("a page whose code is gone says so, and offers to reload the console", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.goto("/captures");
    await shown(page.locator("table.captures tbody tr"));
    // What is answered for a file of the build before: the console's page.
    await page.route("**/assets/keys-*.js", (route) =>
      route.fulfill({ contentType: "text/html", body: "<!doctype html>" }),
    );
    await page.getByRole("link", { name: "API keys" }).click();
    await shown(page.getByRole("heading", { name: "This page could not be loaded" }));
    await focusIsOn(page, "This page could not be loaded");
    await expectAccessible(page);
    await page.unroute("**/assets/keys-*.js");
    await page.getByRole("button", { name: "Reload the console" }).click();
    await shown(page.getByRole("heading", { name: "API keys", level: 1 }));
    await context.close();
  });

  await check(
    "a link that is pointed at has its page's code loaded, and a slow one shows that it loads",
    async () => {
      const { context, page } = await visitSignedIn(world);
      await page.goto("/captures");
      await shown(page.locator("table.captures tbody tr"));
      const asked = page.waitForRequest("**/assets/environments-*.js");
      await page.getByRole("link", { name: "Environments" }).hover();
      await asked;
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      await page.route("**/assets/keys-*.js", async (route) => {
        await held;
        await route.continue();
      });
      await page.getByRole("link", { name: "API keys" }).click();
      await page.getByText("Loading the page…").waitFor({ state: "attached" });
      release();
      await shown(page.getByRole("heading", { name: "API keys", level: 1 }));
      await focusIsOn(page, "API keys");
      await context.close();
    },
  );

  await check(
    "its files are cached for ever, its page is not, and both have the Content-Security-Policy",
    async () => {
      const reply = await fetch(`${world.address}/captures/1`, { headers: { "sec-fetch-mode": "navigate" } });
      const html = await reply.text();
      const policy = reply.headers.get("content-security-policy") ?? "";
      expectThat(policy.startsWith("default-src 'none'; script-src 'self'"), `The policy is ${policy}`);
      expectThat(!policy.includes("unsafe"), `The policy is ${policy}`);
      expectThat(!reply.headers.get("cache-control")?.includes("immutable"), "The page is cached for good");
      const script = /src="(\/assets\/[^"]+)"/.exec(html)?.[1];
      const asset = await fetch(world.address + script);
      const caching = asset.headers.get("cache-control");
      expectThat(caching === "public, max-age=31536000, immutable", `Cache-Control is ${caching}`);
      const gone = await fetch(`${world.address}/assets/index-gone.js`);
      const kept = gone.headers.get("cache-control");
      expectThat(!kept?.includes("immutable"), `What is not there is cached: ${kept}`);
    },
  );
}

/** How many bytes of files of the console a page is that is loaded with an empty cache, as they are sent compressed. */
async function sizeOfLoad(context: BrowserContext, path: string, ready: string): Promise<number> {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const replies: Response[] = [];
  page.on("response", (reply) => {
    if (!new URL(reply.url()).pathname.startsWith("/api/")) replies.push(reply);
  });
  await page.goto(path);
  await shown(page.locator(ready));
  await page.waitForLoadState("networkidle");
  let bytes = 0;
  for (const reply of replies) bytes += gzipSync(await reply.body()).length;
  await page.close();
  return bytes;
}
