import type { Page } from "playwright-core";
import { check } from "../../scripts/lib/checks.ts";
import { LOCAL_AWS } from "../../scripts/lib/local.ts";
import {
  eventually,
  expectAccessible,
  expectThat,
  focusIsOn,
  HOUR_MS,
  LOG_ON_AGAIN_MS,
  type Send,
  shown,
  stateOf,
  visitSignedIn,
  type World,
} from "./world.ts";

/** What a person does with captures besides making and reading them: describe, find, reschedule, cancel, try again, undo. */
export async function checkWorking(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  await checkAbout(page, send);
  await checkTimes(page, send);
  await checkDeletion(page, send);
  await checkFilters(page, send);
  await checkNames(page, send);
  await context.close();
}

/** A capture that is scheduled for in so many hours. */
const scheduled = (send: Send, name: string, hours: number, more: object = {}) =>
  send<{ id: number }>("POST", "/api/captures", {
    name,
    envId: 1,
    scheduledStart: new Date(Date.now() + hours * HOUR_MS).toISOString(),
    duration: 3600,
    ...more,
  });

async function checkAbout(page: Page, send: Send): Promise<void> {
  const { id } = await scheduled(send, "described", 5);

  await check("a capture's page says whose it is, and what it records", async () => {
    await page.goto(`/captures/${id}`);
    await shown(page.locator(".state dl").filter({ hasText: "OwnerYou" }));
    await shown(page.locator(".state dl").filter({ hasText: "LogGeneral log" }));
    await shown(page.locator(".state dt").filter({ hasText: "Scheduled start" }));
  });

  await check("labels and notes are written, corrected next to their field, and undone", async () => {
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Labels").fill("release");
    await dialog.getByRole("button", { name: "Save" }).click();
    await shown(dialog.getByText('"release" needs a key and a value with a colon between them'));
    await dialog.getByLabel("Labels").fill("release: 1.2\nteam: shop");
    await dialog.getByLabel("Notes").fill("Before the release.\nSee the ticket.");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Save" }).click();
    await shown(page.locator(".state .labels").getByText("release: 1.2"));
    await shown(page.locator(".state .notes").filter({ hasText: "Before the release." }));
    await expectAccessible(page);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.locator(".state .labels").waitFor({ state: "detached" });
    await send("PUT", `/api/captures/${id}`, { labels: { release: "1.2", team: "shop" } });
  });

  await check("a label leads to the captures that have it", async () => {
    await page.reload();
    await page.locator(".state .labels").getByRole("link", { name: "release: 1.2" }).click();
    await shown(page.getByRole("heading", { name: "Captures", level: 1 }));
    const rows = page.locator("table.captures tbody tr");
    await eventually("one row", async () => (await rows.count()) === 1);
    await shown(rows.getByText("team: shop"));
    await page.getByRole("button", { name: "Without the label release:1.2" }).click();
    await eventually("more rows", async () => (await rows.count()) > 1);
  });
}

async function checkTimes(page: Page, send: Send): Promise<void> {
  await check("a scheduled capture is rescheduled, and that is undone", async () => {
    const { id } = await scheduled(send, "to be rescheduled", 3);
    await page.goto(`/captures/${id}`);
    const duration = page.locator(".state dl").filter({ hasText: "Duration1h" });
    await shown(duration);
    await page.getByRole("button", { name: "Reschedule" }).click();
    await page.getByLabel("For", { exact: true }).fill("2");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await shown(page.locator(".state dl").filter({ hasText: "Duration2h" }));
    await page.getByRole("button", { name: "Undo" }).click();
    await shown(duration);
  });

  await check("a scheduled capture is cancelled, and tried again with the same fields", async () => {
    const about = { labels: { release: "1.3" }, notes: "nightly", log: "slow", minDuration: 5 };
    const { id } = await scheduled(send, "to be cancelled", 4, about);
    await page.goto(`/captures/${id}`);
    await page.getByRole("button", { name: "Cancel it" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel it" }).click();
    await shown(stateOf(page, "Failed"));
    await shown(page.locator(".state").getByText("Cancelled before it was running"));
    await focusIsOn(page, "Try again");
    await page.keyboard.press("Enter");
    await shown(page.getByRole("heading", { name: "Another try", level: 1 }));
    const values = async () => [
      await page.getByLabel("Name").inputValue(),
      await page.getByLabel("Slow query log: statements of at least (ms)").inputValue(),
      await page.getByLabel("Labels").inputValue(),
      await page.getByLabel("Notes").inputValue(),
    ];
    const expected = ["to be cancelled (2)", "5", "release: 1.3", "nightly"];
    await eventually("its fields", async () => (await values()).join() === expected.join());
    await expectAccessible(page);
    await page.getByRole("button", { name: "Schedule" }).click();
    await shown(page.getByRole("heading", { name: "to be cancelled (2)", level: 1 }));
    await shown(stateOf(page, "Scheduled"));
  });

  await check("a running capture gets another end", async () => {
    const { id } = await send<{ id: number }>("POST", "/api/captures", {
      name: "to be extended",
      envId: 1,
      duration: 600,
    });
    await page.goto(`/captures/${id}`);
    await shown(stateOf(page, "Running"), LOG_ON_AGAIN_MS);
    await page.getByRole("button", { name: "Change its end" }).click();
    await page.getByLabel("For", { exact: true }).fill("20");
    await shown(page.getByText(/^Counted from its start, .*: until /));
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await shown(page.locator(".state .progress").filter({ hasText: /1[89]m .*left/ }));
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Stop it" }).click();
    await shown(stateOf(page, "Stopping").or(stateOf(page, "Done")));
  });

  await check("a capture of the past is asked for, and says that it is back-dated", async () => {
    await page.goto("/captures/new");
    await page.getByLabel("Name").fill("of the past");
    await page.getByLabel("In the past").check();
    const hour = Math.floor(Date.now() / HOUR_MS - 5) * HOUR_MS;
    const inBerlin = new Date(hour).toLocaleString("sv-SE", { timeZone: "Europe/Berlin" });
    await page.getByLabel("Began at").fill(inBerlin.slice(0, 16).replace(" ", "T"));
    await shown(page.getByText(/ago\.$/));
    await page.getByRole("button", { name: "Start the capture" }).click();
    await shown(page.getByRole("heading", { name: "of the past", level: 1 }));
    await shown(page.locator(".state dl").filter({ hasText: "Back-dated" }));
    await shown(stateOf(page, "Done"), LOG_ON_AGAIN_MS);
  });
}

async function checkDeletion(page: Page, send: Send): Promise<void> {
  const { id } = await scheduled(send, "to be deleted", 6);

  await check("a deletion is undone by keys alone, from the list that it leads to", async () => {
    await page.goto(`/captures/${id}`);
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
    await shown(page.getByText(/It can be brought back until/));
    await focusIsOn(page, "Captures");
    await expectAccessible(page);
    for (let i = 0; i < 2; i++) await page.keyboard.press("Tab");
    await focusIsOn(page, "Undo the deletion");
    await page.keyboard.press("Enter");
    await shown(page.getByRole("heading", { name: "to be deleted", level: 1 }));
    await shown(page.getByText("to be deleted is back"));
    await shown(stateOf(page, "Failed"));
  });

  await check("the page of a deleted capture says so, and brings it back", async () => {
    await send("DELETE", `/api/captures/${id}`);
    await page.goto(`/captures/${id}`);
    await shown(page.getByText(/is deleted\. It can be brought back until/));
    expectThat(
      (await page.getByRole("button", { name: "Edit", exact: true }).count()) === 0,
      "It can be edited",
    );
    await page.getByRole("button", { name: "Undo the deletion" }).click();
    await shown(stateOf(page, "Failed"));
  });
}

async function checkFilters(page: Page, send: Send): Promise<void> {
  await scheduled(send, "zz far ahead", 24 * 300, { labels: { when: "far" } });

  await check("the list is filtered by owner, time and label, and ordered, as the address says", async () => {
    const rows = page.locator("table.captures tbody tr");
    const first = rows.first().locator("a").first();
    await page.goto("/captures");
    await shown(rows);
    await page.getByLabel("Order").selectOption("Latest start first");
    await eventually("the farthest is first", async () => (await first.textContent()) === "zz far ahead");
    await page.getByLabel("Order").selectOption("Name, Z to A");
    await page.waitForURL(/sort=-name/);
    await page.getByText("More filters").click();
    await page.getByLabel("Owner").selectOption("You");
    await page.waitForURL(/owner=me/);
    await shown(rows);
    const farAhead = new Date(Date.now() + 299 * 24 * HOUR_MS).toISOString().slice(0, 16);
    await page.getByLabel("Recorded after").fill(farAhead);
    // One that runs until it is stopped may be there, too.
    await eventually(
      "none that has ended",
      async () => (await rows.filter({ hasText: "Done" }).count()) === 0,
    );
    await shown(rows.filter({ hasText: "zz far ahead" }));
    await page.getByLabel("With the label").fill("when: far");
    await page.keyboard.press("Enter");
    await page.waitForURL(/label=when%3Afar/);
    await page.reload();
    await eventually("one row", async () => (await rows.count()) === 1);
    await expectAccessible(page);
    await page.getByLabel("With the label").fill("no colon");
    await page.keyboard.press("Enter");
    await shown(page.getByRole("alert").filter({ hasText: "must be a key and a value with a colon" }));
  });
}

async function checkNames(page: Page, send: Send): Promise<void> {
  await check("environments of one name are told apart", async () => {
    const { customer, region, instance } = LOCAL_AWS;
    const twin = { name: "twin", region, credentials: customer };
    const first = await send<{ id: number }>("POST", "/api/environments", { ...twin, instance });
    const second = await send<{ id: number }>("POST", "/api/environments", { ...twin, instance });
    await page.goto("/captures");
    const options = page.getByLabel("Environment").locator("option");
    const twins = async () => (await options.allTextContents()).filter((text) => text.startsWith("twin"));
    await eventually("two different names", async () => new Set(await twins()).size === 2);
    for (const { id } of [first, second]) await send("DELETE", `/api/environments/${id}`);
  });
}
