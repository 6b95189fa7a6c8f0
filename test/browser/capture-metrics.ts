import type { Page } from "playwright-core";
import { check } from "../../scripts/lib/checks.ts";
import {
  eventually,
  expectAccessible,
  expectThat,
  failAws,
  HOUR_MS,
  LOG_ON_AGAIN_MS,
  type Send,
  shown,
  visitSignedIn,
  type World,
} from "./world.ts";

/** Metrics of one capture and of two, also while AWS fails. */
export async function checkMetrics(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  const [first, second] = await Promise.all([past(send, "an hour", 3), past(send, "the hour after", 2)]);

  await check(
    "metrics that AWS does not give are an error with another try, and charts when it does",
    async () => {
      await failAws(world, { kind: "server-error", action: "GetMetricData" });
      await page.goto(`/captures/${first.id}`);
      await shown(page.getByRole("alert").filter({ hasText: "AWS could not answer" }));
      await failAws(world, null);
      await eventually("the charts are there", async () => {
        const retry = page.getByRole("button", { name: "Try again" });
        if ((await retry.count()) > 0) await retry.first().click();
        return (await page.locator(".chart canvas").count()) === 16;
      });
      const said = await page.getByRole("img", { name: /^Read IOPS\. / }).getAttribute("aria-label");
      expectThat(/[\d.]+ to [\d.,]+ ops\/s, mean/.test(said ?? ""), `It says ${said}`);
    },
  );

  await check("all charts have one crosshair, and zoom by dragging or by a button", async () => {
    const charts = page.locator(".chart .u-over");
    await charts.first().scrollIntoViewIfNeeded();
    const box = await charts.first().boundingBox();
    expectThat(box !== null, "There is no chart");
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width / 2, y);
    await eventually("each chart says its value at the crosshair", async () =>
      (await page.locator(".readout").allTextContents()).every((text) => /\d\d:\d\d: /.test(text)),
    );
    const range = page.locator(".chart-tools [role=status]");
    const whole = await range.textContent();
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, y, { steps: 5 });
    await page.mouse.up();
    await eventually("the range is another", async () => (await range.textContent()) !== whole);
    await page.getByRole("button", { name: "Show all" }).click();
    await eventually("the range is the whole", async () => (await range.textContent()) === whole);
    await page.getByRole("button", { name: "Zoom in" }).click();
    await eventually("the range is another", async () => (await range.textContent()) !== whole);
  });

  await check("the crosshair is moved by keys, too", async () => {
    await page.getByRole("button", { name: "Show all" }).click();
    const slider = page.getByRole("slider", { name: "Crosshair" });
    // Or it would move on from the pointer's place.
    await slider.press("Home");
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
    // Three minutes after the full hour.
    await crosshairIsAt(page, "03");
  });

  await check(
    "a crosshair that keys have put somewhere stays there through zoom, and a pointer takes it over",
    async () => {
      // Twenty minutes after the full hour, and not in the middle of what is shown.
      await page.getByRole("slider", { name: "Crosshair" }).fill("20");
      await crosshairIsAt(page, "20");
      const range = page.locator(".chart-tools [role=status]");
      const whole = await range.textContent();
      await page.getByRole("button", { name: "Zoom in" }).click();
      await eventually("the range is another", async () => (await range.textContent()) !== whole);
      await crosshairIsAt(page, "20");
      await page.getByRole("button", { name: "Show all" }).click();
      await eventually("the range is the whole", async () => (await range.textContent()) === whole);
      await crosshairIsAt(page, "20");
      const chart = page.locator(".chart .u-over").first();
      const box = await chart.boundingBox();
      expectThat(box !== null, "There is no chart");
      await chart.hover({ position: { x: (box.width * 40) / 59, y: box.height / 2 } });
      await crosshairIsAt(page, "40");
    },
  );

  await check("the metrics are there as a table too", async () => {
    await page.getByText("The same as a table").click();
    const rows = page.locator(".figures tbody tr");
    await eventually("a row for each minute", async () => (await rows.count()) === 60);
    await expectAccessible(page);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await eventually("keys have scrolled it both ways", () =>
      page.locator(".figures").evaluate(({ scrollTop, scrollLeft }) => scrollTop > 0 && scrollLeft > 0),
    );
  });

  await check("two captures are laid over each other, aligned at their starts", async () => {
    await page.goto(`/compare?a=${first.id}`);
    await page.getByRole("combobox", { name: "After" }).fill("the hour after");
    await page.getByRole("option", { name: "the hour after" }).click();
    await shown(page.getByRole("img", { name: /^Read IOPS\. an hour: .*the hour after: / }));
    const range = page.locator(".chart-tools [role=status]");
    await eventually("offsets", async () => (await range.textContent()) === "0 to +59m");
    await page.waitForURL(({ search }) => search === `?a=${first.id}&b=${second.id}`);
    await shown(page.getByRole("heading", { name: "Statements", exact: true }));
  });
  await context.close();
}

/** A capture of an hour that has passed, for its metrics. Until it has ended they go on to the present. */
async function past(send: Send, name: string, hoursAgo: number): Promise<{ id: number }> {
  const made = await send<{ id: number }>("POST", "/api/captures", {
    name,
    envId: 1,
    start: new Date(Math.floor(Date.now() / HOUR_MS - hoursAgo) * HOUR_MS).toISOString(),
    duration: 3600,
  });
  const hasEnded = async () => {
    const { status } = await send<{ status: string }>("GET", `/api/captures/${made.id}`);
    return status === "DONE";
  };
  await eventually(`${name} has ended`, hasEnded, LOG_ON_AGAIN_MS);
  return made;
}

/** Waits until each chart says its value at a minute of its hour, and the slider says that minute. */
async function crosshairIsAt(page: Page, minute: string): Promise<void> {
  const slider = page.getByRole("slider", { name: "Crosshair" });
  const there = new RegExp(`^\\d\\d:${minute}: [\\d.,]+$`);
  let said: (string | null)[] = [];
  await eventually(
    () => `the slider and each chart say :${minute} (but ${said.join(", ")})`,
    async () => {
      said = [
        await slider.getAttribute("aria-valuetext"),
        ...(await page.locator(".readout").allTextContents()),
      ];
      const [moment, ...values] = said;
      return moment?.endsWith(`:${minute}`) === true && values.every((value) => there.test(value ?? ""));
    },
  );
}
