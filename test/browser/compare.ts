import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { check } from "../../scripts/lib/checks.ts";
import {
  eventually,
  expectAccessible,
  expectNoWider,
  expectThat,
  PATIENCE_MS,
  type Send,
  shown,
  visit,
  visitSignedIn,
  type World,
} from "./world.ts";

const MINUTE_MS = 60_000;

/** Two captures of a slow log, of different minutes of the demo's past, and the page that compares them. */
export async function checkCompare(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  const [before, after] = await makePair(send);

  await check("any capture can be found by a part of its name, and chosen by keys alone", async () => {
    await page.goto("/compare");
    const first = page.getByRole("combobox", { name: "Before" });
    await first.focus();
    await page.keyboard.type("THE REL");
    const options = page.getByRole("listbox", { name: "Before: captures" }).getByRole("option");
    await eventually("both are offered", async () => (await options.count()) === 2);
    await expectAccessible(page);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await page.waitForURL(({ search }) => search === `?a=${before.id}`);
    await eventually("its name", async () => (await first.inputValue()) === before.name);
    await page.getByRole("combobox", { name: "After" }).fill(String(after.id));
    await page.getByRole("option", { name: after.name }).click();
    await page.waitForURL(({ search }) => search === `?a=${before.id}&b=${after.id}`);
  });

  await check("a comparison shows the load first, then what is new, gone, slower and faster", async () => {
    await page.goto(`/compare?a=${before.id}&b=${after.id}`);
    const load = page.locator("table.load tbody tr");
    await shown(load.filter({ hasText: "Statements a minute" }));
    await shown(load.filter({ hasText: "Time a minute" }));
    await shown(page.getByRole("img", { name: /^Time spent\. before the release: .*after the release: / }));
    const headings = (await page.locator("h2, h3").allTextContents()).map((text) =>
      text.replace(/ [\d,]+$/, ""),
    );
    const order = ["Load", "New", "Gone", "Slower", "Faster", "More often"].map((title) =>
      headings.indexOf(title),
    );
    expectThat(
      order.every((at, i) => at >= 0 && (i === 0 || at > (order[i - 1] as number))),
      `The headings are ${headings}`,
    );
  });

  await check("every statement of both can be reached, and opens on its own page", async () => {
    await page.getByLabel("Changed by at least").selectOption("0");
    const both = page
      .locator("section")
      .filter({ has: page.getByRole("heading", { name: /^In both/ }) })
      .last();
    const count = Number(/\d+/.exec((await both.getByRole("heading").textContent()) ?? "")?.[0]);
    const items = both.locator(".compared li");
    await eventually(`all ${count} are shown`, async () => {
      if ((await items.count()) === count) return true;
      // It is gone once all are read.
      await both
        .getByRole("button", { name: /^Show up to/ })
        .click({ timeout: 1000 })
        .catch(() => {});
      return false;
    });
    const name = await both.locator(".compared li a").first().textContent();
    await both.locator(".compared li a").first().click();
    await page.waitForURL(({ pathname }) => pathname.startsWith(`/captures/${after.id}/statements/`));
    expectThat((name ?? "").length > 0, "It has no text");
    await page.goBack();
  });

  await check("a comparison is a file of CSV", async () => {
    await page.goto(`/compare?a=${before.id}&b=${after.id}`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "CSV" }).click(),
    ]);
    const name = `capture-${after.id}-compared-with-${before.id}.csv`;
    expectThat(download.suggestedFilename() === name, `It is ${download.suggestedFilename()}`);
  });

  for (const colours of ["light", "dark"] as const) {
    await check(`a report is one file that opens by itself, in ${colours} colours`, async () => {
      const report = await context.request.get(`/api/captures/${after.id}/workload/report?with=${before.id}`);
      const file = join(mkdtempSync(join(tmpdir(), "captures-report-")), "report.html");
      writeFileSync(file, await report.body());
      const { context: own, page: opened } = await visit(world, { width: 390, colours });
      const asked: string[] = [];
      opened.on("request", (request) => asked.push(request.url()));
      await opened.goto(`file://${file}`);
      await shown(opened.getByRole("heading", { name: after.name, level: 1 }));
      await shown(opened.getByRole("img", { name: /^Statements: up to / }));
      expectThat(asked.length === 1, `It asked for ${asked}`);
      await expectNoWider(opened, 390, "It");
      const text = await opened.evaluate(() => getComputedStyle(document.body).color);
      const isDark = Number(/\d+/.exec(text)?.[0]) > 128;
      expectThat(isDark === (colours === "dark"), `Its text is ${text}`);
      await expectAccessible(opened);
      await own.close();
      rmSync(dirname(file), { recursive: true });
    });
  }

  await check("a capture's page offers its report", async () => {
    await page.goto(`/captures/${after.id}`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Report" }).click(),
    ]);
    const name = download.suggestedFilename();
    expectThat(name === `capture-${after.id}.html`, `It is ${name}`);
  });

  await check("a capture that is compared with itself, and one that is not there, are said", async () => {
    await page.goto(`/compare?a=${before.id}&b=${before.id}`);
    await shown(page.getByText("This is one capture twice"));
    await page.goto(`/compare?a=${before.id}&b=999999`);
    await shown(page.getByRole("alert"));
  });

  for (const width of [390, 1280]) {
    await check(`a comparison can be used on a screen of ${width} pixels`, async () => {
      const narrow = await visitSignedIn(world, { width, height: 844 });
      await narrow.page.goto(`/compare?a=${before.id}&b=${after.id}&change=0`);
      await shown(narrow.page.locator(".compared li"));
      await shown(narrow.page.locator(".chart canvas"));
      await expectNoWider(narrow.page, width, "It");
      await expectAccessible(narrow.page);
      await narrow.context.close();
    });
  }
  await context.close();
}

/** Makes captures of the first minutes and of the last minutes of the finished ones, and waits until they have ended. */
async function makePair(send: Send): Promise<[before: Made, after: Made]> {
  const findFinished = async () => {
    const known = await send<{ name: string; start: string; envId: number }[]>(
      "GET",
      "/api/captures?status=DONE",
    );
    return known.find(({ name }) => name.startsWith("how long it took"));
  };
  await eventually(
    "a newcomer's capture of the slow log is done",
    async () => (await findFinished()) !== undefined,
  );
  const finished = await findFinished();
  if (finished === undefined) throw new Error("It is gone");
  const { envId } = finished;
  const start = Date.parse(finished.start);
  const make = (name: string, offset: number, minutes: number) =>
    send<Made>("POST", "/api/captures", {
      name,
      envId,
      log: "slow",
      start: new Date(start + offset * MINUTE_MS).toISOString(),
      duration: minutes * 60,
    });
  const after = await make("after the release", 7, 6);
  const before = await make("before the release", 1, 5);
  for (const { id } of [before, after]) {
    await eventually(
      `capture ${id} is done`,
      async () => (await send<{ status: string }>("GET", `/api/captures/${id}`)).status === "DONE",
      2 * PATIENCE_MS,
    );
  }
  return [before, after];
}

interface Made {
  id: number;
  name: string;
}
