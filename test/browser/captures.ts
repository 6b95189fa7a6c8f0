import type { Page } from "playwright-core";
import { check } from "../../scripts/lib/checks.ts";
import { checkMetrics } from "./capture-metrics.ts";
import { SECOND } from "./environments.ts";
import {
  changeReply,
  eventually,
  expectAccessible,
  expectThat,
  focusIsOn,
  HOUR_MS,
  LOG_ON_AGAIN_MS,
  MINUTE_AND_MORE_MS,
  NEXT_MINUTE_MS,
  PATIENCE_MS,
  shown,
  stateOf,
  visitSignedIn,
  type World,
} from "./world.ts";

/** A running capture's log is read at least once a minute. */
const LOG_READ_MS = 60_000 + PATIENCE_MS;

/** Captures, from being asked for to their metrics. */
export async function checkCaptures(world: World): Promise<void> {
  // Runs while the other checks do.
  const watcher = await visitSignedIn(world);
  await check(
    "a capture is scheduled, errors next to their fields, in a time zone that is named",
    async () => {
      const { page } = watcher;
      await page.goto("/captures/new");
      await page.getByLabel("Later").check();
      await shown(page.getByText("In your time zone, Europe/Berlin"));
      await page.getByLabel("For", { exact: true }).fill("0.5");
      await page.getByRole("button", { name: "Schedule" }).click();
      await shown(page.getByText("must not be empty"));
      await page.getByLabel("Name").fill("watched");
      await page.getByRole("button", { name: "Schedule" }).click();
      await shown(page.getByText("must be a time such as"));
      await page.getByLabel("Start at").fill(inBerlin(Date.now() + 60_000));
      await page.getByRole("button", { name: "Schedule" }).click();
      await shown(page.getByText("Duration must be at least 60 seconds"));
      await page.getByLabel("For", { exact: true }).fill("1");
      await page.getByRole("button", { name: "Schedule" }).click();
      await shown(page.getByRole("heading", { name: "watched", level: 1 }));
      await shown(stateOf(page, "Scheduled"));
    },
  );

  const slow = await visitSignedIn(world);
  const timed = await askForSlow(slow.page);

  // It runs for a minute only: watched from now on, checked later.
  const started = seesItRun(watcher.page).then(
    () => null,
    (error: Error) => error,
  );

  await checkChanges(world);
  await checkMetrics(world);

  await check(
    "a capture of the slow log shows where the time went, and whose statements it may lack",
    async () => {
      const { page } = slow;
      await page.goto(timed);
      await shown(stateOf(page, "Running"), LOG_ON_AGAIN_MS);
      await shown(page.getByText(/^Sessions that connected since .* are complete/));
      await shown(page.getByRole("columnheader", { name: "Time", exact: true }), LOG_READ_MS);
      for (const name of ["Calls", "Mean", "p95", "p99", "Rows per call"]) {
        await shown(page.getByRole("columnheader", { name, exact: true }));
      }
      await page.getByRole("columnheader", { name: "p95", exact: true }).getByRole("button").click();
      await shown(page.getByText(/^In the order of .*statements/));
      await expectAccessible(page);
      await page.getByRole("button", { name: "Stop", exact: true }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click();
      await shown(stateOf(page, "Done"), 10_000 + PATIENCE_MS);
      await shown(page.getByRole("img", { name: /^Time of a statement\. p50: .* p95: .* p99: / }));
      await shown(page.getByRole("link", { name: "Download as a slow log" }));
      await slow.context.close();
    },
  );

  await check("a capture's page follows its start, progress and end", async () => {
    const { page } = watcher;
    const problem = await started;
    if (problem !== null) throw problem;
    await shown(stateOf(page, "Done"), MINUTE_AND_MORE_MS);
    await shown(page.locator(".timeline .status").filter({ hasText: "Done" }));
    await shown(page.getByRole("link", { name: "Download NDJSON (gzip)" }));
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download NDJSON (gzip)" }).click(),
    ]);
    const file = download.suggestedFilename();
    expectThat(/^capture-\d+\.ndjson\.gz$/.test(file), `The file is ${file}`);
    // What scripts of a page do with it: by its own decompression of the file, and by fetch's of the encoded NDJSON.
    const [unzipped, decoded] = await page.evaluate(async (url) => {
      const [zip, ndjson] = [await fetch(url), await fetch(url.replace("ndjson.gz", "ndjson"))];
      const stream = (zip.body as ReadableStream).pipeThrough(new DecompressionStream("gzip"));
      return [await new Response(stream).text(), await ndjson.text()];
    }, download.url());
    expectThat(unzipped !== "" && unzipped === decoded, "The browser does not read its download");
  });

  await check("what Amazon's own users ran is left out, counted, and shown on request", async () => {
    const { page } = watcher;
    const leftOut = page.locator("details.left-out");
    await leftOut
      .getByText(/^[\d,]+ statements of Amazon's own users are left out \(rdsadmin/)
      .press("Enter");
    await shown(leftOut.getByRole("cell", { name: "rdsadmin" }));
    await expectAccessible(page);
  });

  await check("statements of transactions are one row, which unfolds", async () => {
    const { page } = watcher;
    // Those of a minute may be too few to be among the rows that are shown.
    await changeReply<object[]>(page, "**/workload/digest*", (statements) => {
      const added = ["BEGIN", "COMMIT"].map((digest, i) => ({
        ...statements[0],
        fingerprint: `000000000000000${i}`,
        digest,
      }));
      return [...statements, ...added];
    });
    await page.reload();
    const fold = page.getByRole("button", { name: /Transactions and settings/ });
    await shown(fold);
    const rows = page.locator("table.statements tbody tr");
    const before = await rows.count();
    await fold.press("Enter");
    await shown(page.locator("tr.member").filter({ hasText: /COMMIT|BEGIN|ROLLBACK|SET/ }));
    expectThat((await fold.getAttribute("aria-expanded")) === "true", "It does not say that it is unfolded");
    await expectAccessible(page);
    await fold.press("Enter");
    await eventually("it is folded again", async () => (await rows.count()) === before);
  });
  await watcher.context.close();
}

/** Asks for a capture of the slow log. @returns where its page is */
async function askForSlow(page: Page): Promise<string> {
  await check("a capture of the slow log is asked for, with what it costs and a shortest time", async () => {
    await page.goto("/captures/new");
    await page.getByLabel("Name").fill("of the slow log");
    await page.getByLabel("Slow query log", { exact: true }).check();
    await shown(page.getByText("Sessions that are connected already are missing until they reconnect"));
    const shortest = page.getByLabel("Slow query log: statements of at least (ms)");
    await shortest.fill("-1");
    await page.getByRole("button", { name: "Start the capture" }).click();
    await shown(page.locator(".field.invalid").filter({ has: shortest }));
    await shortest.fill("0");
    await page.getByRole("button", { name: "Start the capture" }).click();
    await shown(page.getByRole("heading", { name: "of the slow log", level: 1 }));
  });
  return page.url();
}

async function seesItRun(page: Page): Promise<void> {
  await shown(stateOf(page, "Running"), NEXT_MINUTE_MS);
  await shown(page.locator(".state").getByText(/left · [\d,]+ statements/));
  await shown(page.locator(".live-note").filter({ hasText: /^live$/ }));
}

/** Stop, rename and delete, and who may. */
async function checkChanges(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  const { id } = await send<{ id: number }>("POST", "/api/captures", { name: "to be stopped", envId: 1 });

  await check("a second account sees the capture, without a button to stop it", async () => {
    const second = await visitSignedIn(world, {}, SECOND);
    await second.page.goto(`/captures/${id}`);
    await shown(stateOf(second.page, "Running"));
    await shown(second.page.locator(".timeline li").filter({ hasText: "by Demo" }));
    await shown(second.page.getByRole("link", { name: "Compare" }));
    for (const name of ["Stop", "Change its end", "Edit", "Delete"]) {
      expectThat(
        (await second.page.getByRole("button", { name, exact: true }).count()) === 0,
        `${name} is offered`,
      );
    }
    await second.context.close();
  });

  await check("a refusal of an action is shown", async () => {
    const second = await visitSignedIn(world, {}, SECOND);
    const mine = await second.send<{ id: number }>("POST", "/api/captures", {
      name: "of the second",
      envId: 1,
      scheduledStart: new Date(Date.now() + HOUR_MS).toISOString(),
    });
    await second.page.goto(`/captures/${mine.id}`);
    await second.page.getByRole("button", { name: "Delete", exact: true }).click();
    const { id: userId } = await second
      .send<{ user: { id: string } }>("GET", "/api/auth/get-session")
      .then(({ user }) => user);
    await send("DELETE", `/api/environments/1/members/${userId}`);
    await second.page.getByRole("button", { name: "Delete it" }).click();
    await shown(
      second.page.getByRole("alert").filter({ hasText: "This capture does not exist or was deleted" }),
    );
    await second.context.close();
  });

  await check("a capture is renamed, a name that is taken is refused, and it is undone", async () => {
    await page.goto(`/captures/${id}`);
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("watched");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await shown(page.getByText("Capture with the same name already exists in this environment"));
    await page.getByRole("dialog").getByLabel("Name").fill("renamed");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await shown(page.getByRole("heading", { name: "renamed", level: 1 }));
    await page.getByRole("button", { name: "Undo" }).click();
    await shown(page.getByRole("heading", { name: "to be stopped", level: 1 }));
  });

  await check("a running capture is stopped by keys alone", async () => {
    await page.goto(`/captures/${id}`);
    await shown(stateOf(page, "Running"), LOG_ON_AGAIN_MS);
    await page.getByRole("button", { name: "Stop", exact: true }).focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Stop to be stopped?" });
    await shown(dialog);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await focusIsOn(page, "Stop");
    await page.keyboard.press("Enter");
    await shown(dialog);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await shown(stateOf(page, "Stopping").or(stateOf(page, "Done")));
    // Stop is gone: the focus is on what stands in its place.
    await focusIsOn(page, "Compare");
    await shown(stateOf(page, "Done"), 10_000 + PATIENCE_MS);
  });

  await check("its top statements are there, with their shares", async () => {
    await shown(page.locator("table.statements tbody tr"));
    const share = await page.locator(".share span").first().textContent();
    expectThat(/^[\d.]+%$/.test(share ?? ""), `The share is ${share}`);
  });

  await check("statements are sorted by a column, and the address keeps it", async () => {
    const calls = page.getByRole("columnheader", { name: "Calls", exact: true });
    expectThat((await calls.getAttribute("aria-sort")) === "descending", "The most frequent are not first");
    await calls.getByRole("button").press("Enter");
    await page.waitForURL(({ search }) => search === "?sort=calls&dir=asc");
    await page.reload();
    await shown(page.locator("th[aria-sort=ascending]").filter({ hasText: "Calls" }));
    await page.getByRole("columnheader", { name: "Statement" }).getByRole("button").click();
    await shown(page.locator("th[aria-sort=ascending]").filter({ hasText: "Statement" }));
    const texts = await page.locator("table.statements tbody th code").allTextContents();
    expectThat(texts.join() === texts.toSorted().join(), `The statements are ${texts.join(", ")}`);
    await page.goto(`/captures/${id}`);
  });

  await check("the workload's series is the first chart, and each statement has a small one", async () => {
    await shown(page.locator(".chart canvas"));
    const first = await page.locator(".chart strong").first().textContent();
    expectThat(first === "Statements per second", `The first chart is ${first}`);
    await page.locator("table.statements tbody tr").first().scrollIntoViewIfNeeded();
    await shown(page.getByRole("img", { name: /^Most at \d\d:\d\d:\d\d: [\d.,]+ per second$/ }));
  });

  await check("a capture is deleted, after a question", async () => {
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
    await shown(page.getByRole("heading", { name: "Captures", level: 1 }));
    await shown(page.getByText("to be stopped is deleted."));
    await page.goto("/captures/999999");
    await shown(page.getByText("This capture does not exist or was deleted"));
  });
  await context.close();
}

/** A moment as the browser's time zone has it, for a field of date and time. */
function inBerlin(time: number): string {
  return new Date(time).toLocaleString("sv-SE", { timeZone: "Europe/Berlin" }).slice(0, 16).replace(" ", "T");
}
