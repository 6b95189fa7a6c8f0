import type { Page, WebSocketRoute } from "playwright-core";
import { check } from "../../scripts/lib/checks.ts";
import {
  eventually,
  expectThat,
  failAws,
  HOUR_MS,
  LOG_ON_AGAIN_MS,
  PATIENCE_MS,
  shown,
  visitSignedIn,
  type World,
} from "./world.ts";

/** A running capture's log is read at least once a minute, also when that has failed before. */
const NEXT_READING_MS = 60_000 + PATIENCE_MS;
const LIVE = /\/api\/captures\/\d+\/live$/;

const note = (page: Page, text: string) => page.locator(".live-note").filter({ hasText: text });

/** How a page follows a capture: through its WebSocket, by polling, and not at all while it is hidden. */
export async function checkLive(world: World): Promise<void> {
  const setUp = await visitSignedIn(world);
  const scheduled = (name: string) =>
    setUp.send<{ id: number }>("POST", "/api/captures", {
      name,
      envId: 1,
      scheduledStart: new Date(Date.now() + HOUR_MS).toISOString(),
    });

  await check("a page whose WebSocket is refused polls, and shows what has changed", async () => {
    const { id } = await scheduled("without a socket");
    const { context, page } = await visitSignedIn(world);
    await page.routeWebSocket(LIVE, (socket) => socket.close());
    await page.goto(`/captures/${id}`);
    await shown(note(page, "looked at every 5 seconds"));
    await setUp.send("PUT", `/api/captures/${id}`, { name: "renamed elsewhere" });
    await shown(page.getByRole("heading", { name: "renamed elsewhere", level: 1 }));
    await context.close();
  });

  await check("a silent WebSocket is noticed, and opened again", async () => {
    const { id } = await scheduled("with a silent socket");
    const { context, page } = await visitSignedIn(world);
    await page.clock.install();
    const opened: WebSocketRoute[] = [];
    await page.routeWebSocket(LIVE, (socket) => {
      opened.push(socket);
    });
    await page.goto(`/captures/${id}`);
    await shown(note(page, "live"));
    await eventually("it asks whether the service is there, and gives the socket up", async () => {
      await page.clock.runFor(5000);
      return (await note(page, "looked at every 5 seconds").count()) > 0;
    });
    await eventually("it tries another", async () => {
      await page.clock.runFor(1000);
      return opened.length > 1;
    });
    await context.close();
  });

  await check(
    "a hidden tab has no connection and asks nothing; when it is seen again, it catches up",
    async () => {
      const { id } = await scheduled("in a hidden tab");
      const { context, page } = await visitSignedIn(world);
      let sockets = 0;
      page.on("websocket", (socket) => {
        sockets++;
        socket.on("close", () => sockets--);
      });
      await page.goto(`/captures/${id}`);
      await shown(note(page, "live"));
      await show(page, false);
      await eventually("the connection is closed", async () => sockets === 0);
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await setUp.send("PUT", `/api/captures/${id}`, { name: "while it was hidden" });
      // Longer than the page polls without a connection.
      await page.waitForTimeout(6000);
      expectThat(asked.length === 0, `It asked ${asked.join(", ")}`);
      await show(page, true);
      await shown(page.getByRole("heading", { name: "while it was hidden", level: 1 }));
      await shown(note(page, "live"));
      await context.close();
    },
  );

  await check("an unreadable log is shown with its cause, as long as it is unreadable", async () => {
    const { id } = await setUp.send<{ id: number }>("POST", "/api/captures", { name: "unread", envId: 1 });
    const { context, page } = await visitSignedIn(world);
    await page.goto(`/captures/${id}`);
    await shown(page.locator(".state-now").getByText("Running"), LOG_ON_AGAIN_MS);
    const said = page.getByRole("alert").filter({ hasText: "The log has been unreadable since" });
    await failAws(world, { kind: "deny", action: "DescribeDBLogFiles" });
    // It is told at the next reading of the log, within a minute.
    await shown(said.filter({ hasText: "AccessDenied" }), NEXT_READING_MS);
    // One sentence, not several columns.
    if ((await said.evaluate((alert) => alert.childNodes.length)) !== 1) throw new Error("It is in pieces");
    await failAws(world, null);
    await eventually("it is not said any more", async () => (await said.count()) === 0, NEXT_READING_MS);
    await setUp.send("POST", `/api/captures/${id}/stop`);
    await context.close();
  });

  await check("on a slow network there is a skeleton, and what fails can be tried again", async () => {
    const { id } = await scheduled("behind a slow network");
    const { context, page } = await visitSignedIn(world);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let fails = true;
    await page.route(`**/api/captures/${id}?view=full`, async (route) => {
      await released;
      if (fails) await route.abort();
      else await route.continue();
    });
    await page.goto(`/captures/${id}`);
    await shown(page.getByText("Loading the capture…"));
    release();
    await shown(page.getByRole("alert").filter({ hasText: "The service can't be reached just now" }));
    fails = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await shown(page.getByRole("heading", { name: "behind a slow network", level: 1 }));
    await context.close();
  });

  await check("a rate limit says how long to wait", async () => {
    const { context, page } = await visitSignedIn(world);
    await page.route("**/api/captures", (route) =>
      route.request().method() === "POST"
        ? route.fulfill({
            status: 429,
            headers: { "Retry-After": "7" },
            json: { code: 429, message: "Too many changes" },
          })
        : route.continue(),
    );
    await page.goto("/captures/new");
    await page.getByLabel("Name").fill("one too many");
    await page.getByRole("button", { name: "Start the capture" }).click();
    await shown(page.getByText("Too many changes. Wait 7 seconds before trying again."));
    await context.close();
  });

  await check("a capture whose answer was lost is sent again with the same key, and made once", async () => {
    const { context, page, send } = await visitSignedIn(world);
    let isLost = true;
    await page.route("**/api/captures", async (route) => {
      if (route.request().method() !== "POST" || !isLost) return route.continue();
      isLost = false;
      await route.fetch();
      return route.abort();
    });
    await page.goto("/captures/new");
    await page.getByLabel("Name").fill("made once");
    await page.getByLabel("Later").check();
    await page.getByLabel("Start at").fill(new Date(Date.now() + 24 * HOUR_MS).toISOString().slice(0, 16));
    await page.getByRole("button", { name: "Schedule" }).click();
    await shown(page.getByRole("alert").filter({ hasText: "The service can't be reached just now" }));
    await page.getByRole("button", { name: "Schedule" }).click();
    await shown(page.getByRole("heading", { name: "made once", level: 1 }));
    const made = await send<unknown[]>("GET", "/api/captures?name=made+once");
    expectThat(made.length === 1, `There are ${made.length}`);
    await context.close();
  });
  await setUp.context.close();
}

/** Lets a page believe that its tab is shown, or not. */
function show(page: Page, visible: boolean): Promise<void> {
  return page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, !visible);
}
