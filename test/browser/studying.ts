import type { Page } from "playwright-core";
import { check } from "../../scripts/lib/checks.ts";
import {
  eventually,
  expectAccessible,
  expectNoWider,
  expectThat,
  type Send,
  shown,
  visitSignedIn,
  type World,
} from "./world.ts";

interface Recorded {
  time: string;
  user: string | null;
  threadId: number;
  statement: string;
}

const rows = (page: Page) => page.locator("table.statements > tbody > tr:not(.opened)");

/** Studying a workload: each question in at most three steps from the capture's page, by pointer and by keys. */
export async function checkStudying(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const captures = await send<{ id: number; name: string; start: string }[]>(
    "GET",
    "/api/captures?status=DONE",
  );
  const find = (log: string) => captures.find(({ name }) => name.endsWith(`(${log} log)`));
  const [slow, general] = [find("slow"), find("general")];
  if (slow === undefined || general === undefined) throw new Error("The finished captures are not there");
  const start = Date.parse(slow.start);

  await check("which statements touch a table is answered in three steps", async () => {
    await page.goto(`/captures/${slow.id}`);
    await page.getByRole("link", { name: "Statements", exact: true }).click();
    await page.getByLabel("Table").fill("orders");
    await page.getByLabel("Table").press("Enter");
    await page.waitForURL(({ search }) => search === "?table=orders");
    await shown(page.getByText(/^\d+ found\. /));
    const texts = await page.locator("table.statements tbody th code").allTextContents();
    expectThat(
      texts.length > 2 && texts.every((text) => /\borders\b/.test(text)),
      `They are ${texts.join("; ")}`,
    );
    await expectAccessible(page);
  });

  await check("what a user ran at a time is answered in three steps", async () => {
    const [from, to] = [start + 5 * 60_000, start + 6 * 60_000];
    await page.goto(`/captures/${slow.id}`);
    await page.getByRole("link", { name: "Records", exact: true }).click();
    await page.getByLabel("User").fill("app");
    await page.getByLabel("From", { exact: true }).fill(inBerlin(from));
    await page.getByLabel("To", { exact: true }).fill(inBerlin(to));
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForURL(({ searchParams }) => searchParams.get("user") === "app" && searchParams.has("to"));
    await shown(rows(page));
    const times = await page
      .locator("table.records tbody time")
      .evaluateAll((all) => all.map((time) => Date.parse((time as HTMLTimeElement).dateTime)));
    expectThat(times.length === 50, `There are ${times.length}`);
    expectThat(
      times.every((time) => time >= from && time < to),
      `They are of ${times.join(", ")}`,
    );
    const query = new URL(page.url()).searchParams;
    const { records } = await send<{ records: Recorded[] }>(
      "GET",
      `/api/captures/${slow.id}/workload/records?${query}&limit=50`,
    );
    expectThat(
      records.every(({ user }) => user === "app"),
      "They are of others, too",
    );
    const first = await page.locator("table.records tbody td.middle").first().textContent();
    expectThat(first?.endsWith(records[0]?.statement || "nothing") === true, `The first is ${first}`);
    await expectAccessible(page);
    await page.getByRole("link", { name: "Next page" }).click();
    await shown(page.getByRole("link", { name: "First page" }));
    await page.goBack();
    await shown(page.getByRole("link", { name: "Next page" }));
  });

  await check("tables and users have their figures, and lead to their statements and records", async () => {
    await page.goto(`/captures/${slow.id}/tables`);
    const orders = page
      .getByRole("row")
      .filter({ has: page.getByRole("rowheader", { name: "orders", exact: true }) });
    await shown(orders.getByRole("meter"));
    await expectAccessible(page);
    await orders.getByRole("link").click();
    await page.waitForURL(
      ({ pathname, search }) => /\/statements$/.test(pathname) && search === "?table=orders",
    );
    await shown(rows(page));
    await page.getByRole("link", { name: "Users", exact: true }).click();
    await shown(page.getByRole("heading", { name: "By host" }));
    await expectAccessible(page);
    await page.getByRole("link", { name: "app", exact: true }).click();
    await page.waitForURL(({ pathname, search }) => /\/records$/.test(pathname) && search === "?user=app");
    await shown(rows(page));
  });

  await check("a filter that the service refuses is shown at its field", async () => {
    await page.goto(`/captures/${slow.id}/records?minDuration=long`);
    const field = page.locator(".field.invalid").filter({ hasText: "Took at least (ms)" });
    await shown(field.getByText("must be milliseconds"));
    await page.getByRole("button", { name: "Show all records" }).click();
    await shown(rows(page));
  });

  await check("a time that is chosen in a chart limits figures, statements and records", async () => {
    await page.goto(`/captures/${slow.id}`);
    // Until then the charts are drawn anew.
    await shown(page.getByRole("heading", { name: "From CloudWatch" }));
    const chart = page.locator(".chart .u-over").first();
    await chart.scrollIntoViewIfNeeded();
    const box = await chart.boundingBox();
    expectThat(box !== null, "There is no chart");
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.25, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, y, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(({ searchParams }) => searchParams.has("from") && searchParams.has("to"));
    const { searchParams } = new URL(page.url());
    const [from, to] = ["from", "to"].map((name) => searchParams.get(name) ?? "");
    await shown(page.getByText(/^Only from .* to .*\(\dm/));
    const said = await page
      .locator(".card")
      .filter({ hasText: "figures over time are kept" })
      .locator("dd")
      .first();
    const { whole, statements } = await send<{ whole: { statements: number }; statements: unknown[] }>(
      "GET",
      `/api/captures/${slow.id}/workload/series/statements?from=${from}&to=${to}`,
    );
    const expected = whole.statements.toLocaleString("en-GB");
    expectThat((await said.textContent()) === expected, `Not ${expected}, but ${await said.textContent()}`);
    await shown(page.getByText(`The ${statements.length} statements of this time`));
    const download = page.getByRole("link", { name: "Download NDJSON (gzip) of the time above" });
    const href = (await download.getAttribute("href")) ?? "";
    expectThat(new URL(href, page.url()).searchParams.get("from") === from, `It downloads ${href}`);
    await page.getByRole("link", { name: "Records", exact: true }).click();
    expectThat(new URL(page.url()).searchParams.get("from") === from, `It went to ${page.url()}`);
    await shown(rows(page));
    const first = await page.locator("table.records tbody time").first().getAttribute("datetime");
    expectThat(Date.parse(first ?? "") >= Date.parse(from ?? ""), `The first record is of ${first}`);
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("button", { name: "Show the whole time" }).click();
    await page.waitForURL(({ search }) => search === "");
  });

  await check("a time is chosen by keys, too", async () => {
    await page.goto(`/captures/${slow.id}/statements`);
    await page.getByText("Choose a time", { exact: true }).press("Enter");
    await page.getByLabel("From", { exact: true }).fill(inBerlin(start + 60_000));
    await page.getByLabel("From", { exact: true }).press("Enter");
    await page.waitForURL(({ searchParams }) => searchParams.has("from") && !searchParams.has("to"));
    await shown(page.getByText(/^The \d+ statements of this time/));
    await expectAccessible(page);
  });

  await check("statements of a time that are not among a capture's first are shown as well", async () => {
    const limits: (string | null)[] = [];
    const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
    const isDigest = ({ pathname }: URL) => pathname === `/api/captures/${slow.id}/workload/digest`;
    await page.route(isDigest, async (route) => {
      const limit = new URL(route.request().url()).searchParams.get("limit");
      limits.push(limit);
      const all: { fingerprint: string }[] = await (await route.fetch()).json();
      // As if others came before most of them.
      const first = Array.from({ length: 199 }, (_, i) => ({
        ...all[i % all.length],
        fingerprint: String(i).padStart(16, "0"),
      }));
      if (limit !== "1000") return route.fulfill({ json: [...first, ...all.slice(0, 1)] });
      await mayAnswer;
      await route.fulfill({ json: [...first, ...all] });
    });
    await page.goto(`/captures/${slow.id}?from=${new Date(start).toISOString()}`);
    await eventually("more statements are asked for", async () => limits.includes("1000"));
    const hint = page.getByText(/^The [1-9]\d* statements of this time/);
    expectThat((await hint.count()) === 0, "A table without most statements is shown");
    answer();
    await shown(hint);
    expectThat(limits.join() === "200,1000", `The limits were ${limits}`);
    await page.unroute(isDigest);
  });

  await check("the table of statements is one tab stop, and arrow keys go through it", async () => {
    await page.goto(`/captures/${slow.id}/statements`);
    await shown(rows(page));
    const stops = page.locator("table.statements tbody [tabindex='0']");
    expectThat((await stops.count()) === 1, `There are ${await stops.count()} tab stops`);
    const focused = () =>
      page.evaluate(() => document.activeElement?.closest("tr")?.querySelector("code")?.textContent);
    const names = await page.locator("table.statements tbody th code").allTextContents();
    await stops.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    expectThat((await focused()) === names[2], `The focus is on ${await focused()}`);
    expectThat((await stops.count()) === 1, `There are ${await stops.count()} tab stops`);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    const opened = page.locator("tr.opened");
    await shown(opened.locator(".sql pre").filter({ hasText: (names[2] ?? "").slice(0, 15) }));
    await shown(opened.getByText("First seen"));
    await expectAccessible(page);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await shown(page.getByRole("heading", { name: /^Statement [0-9a-f]{16}$/, level: 1 }));
  });

  await check(
    "a statement's page has its text in lines, its course, its figures, examples and records",
    async () => {
      const digests = await send<{ fingerprint: string; digest: string }[]>(
        "GET",
        `/api/captures/${slow.id}/workload/digest`,
      );
      const joined = digests.find(({ digest }) => / JOIN /.test(digest));
      if (joined === undefined) throw new Error("There is no join");
      await page.goto(`/captures/${slow.id}/statements/${joined.fingerprint}`);
      const lines = (await page.locator(".sql pre").first().textContent())?.trim().split("\n") ?? [];
      expectThat(
        lines.length > 2 && lines[1]?.startsWith("FROM ") === true,
        `Its lines are ${lines.join("; ")}`,
      );
      await page.getByRole("button", { name: "Copy the statement" }).first().click();
      await shown(page.getByText("The statement is copied"));
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      expectThat(copied === lines.join("\n"), `Copied is ${copied}`);
      await shown(page.getByRole("img", { name: /^Calls\. .* per second/ }));
      await shown(page.getByText("p99", { exact: true }));
      await shown(page.getByRole("link", { name: "orders" }));
      await shown(page.getByRole("heading", { name: "Who runs it" }));
      await shown(page.locator("table.records tbody tr"));
      await expectAccessible(page);
      await page.getByRole("link", { name: "All its records" }).click();
      await page.waitForURL(({ searchParams }) => searchParams.get("fingerprint") === joined.fingerprint);
      await shown(rows(page));
    },
  );

  await check("a statement has the figures and percentiles of the time that is chosen", async () => {
    const query = `from=${new Date(start + 60_000).toISOString()}`;
    const { statements } = await send<{ statements: { fingerprint: string; statements: number }[] }>(
      "GET",
      `/api/captures/${slow.id}/workload/series/statements?${query}`,
    );
    const [first] = statements;
    await page.goto(`/captures/${slow.id}/statements/${first?.fingerprint}?${query}`);
    const figures = page.locator(".card").filter({ hasText: "figures over time are kept" });
    await shown(figures.getByText("p99", { exact: true }));
    const calls = await figures.locator("dd").first().textContent();
    expectThat(calls === first?.statements.toLocaleString("en-GB"), `Its calls are ${calls}`);
    await shown(page.getByText("These figures are of the whole capture"));
  });

  await check("a session is shown in its order, with its transactions", async () => {
    const threadId = await committing(send, general.id);
    await page.goto(`/captures/${general.id}/records?threadId=${threadId}`);
    await shown(rows(page));
    await page.locator("table.records tbody td a").first().click();
    await shown(page.getByRole("heading", { name: `Session ${threadId}`, level: 1 }));
    await shown(page.locator("table.transactions").getByText("committed", { exact: true }));
    const times = await page
      .locator("table.records tbody time")
      .evaluateAll((all) => all.map((time) => (time as HTMLTimeElement).dateTime));
    expectThat(times.join() === times.toSorted().join(), "They are not in their order");
    await expectAccessible(page);
  });

  await check("the pages of studying fit a small screen, and axe finds nothing in dark colours", async () => {
    const small = await visitSignedIn(world, { width: 390, colours: "dark" });
    for (const path of ["statements", "records", "statements?from=2020-01-01T00:00:00Z&table=orders"]) {
      await small.page.goto(`/captures/${slow.id}/${path}`);
      await shown(rows(small.page));
      await small.page.locator("tbody .fold").first().click();
      await shown(small.page.locator("tr.opened"));
      await expectAccessible(small.page);
      await expectNoWider(small.page, 390, path);
    }
    await small.context.close();
  });

  await eventually("nothing is loading", async () => (await page.locator(".skeleton").count()) === 0);
  await context.close();
}

/** A session whose first page has a transaction that was committed: a COMMIT may also end none. */
async function committing(send: Send, captureId: number): Promise<number> {
  const path = `/api/captures/${captureId}/workload`;
  const query = "contains=COMMIT&command=Query&limit=50";
  const { records } = await send<{ records: Recorded[] }>("GET", `${path}/records?${query}`);
  for (const threadId of new Set(records.map((record) => record.threadId))) {
    const { transactions } = await send<{ transactions: { outcome: string }[] }>(
      "GET",
      `${path}/sessions/${threadId}?limit=100`,
    );
    if (transactions.some(({ outcome }) => outcome === "commit")) return threadId;
  }
  throw new Error("No session has committed a transaction");
}

/** A moment as the browser's time zone has it, for a field of date and time. */
function inBerlin(time: number): string {
  return new Date(time).toLocaleString("sv-SE", { timeZone: "Europe/Berlin" }).replace(" ", "T");
}
