import { check } from "../../scripts/lib/checks.ts";
import type { Schedule } from "../../src/client/index.ts";
import {
  eventually,
  expectAccessible,
  expectNoWider,
  expectThat,
  shown,
  visitSignedIn,
  type World,
} from "./world.ts";

/** Schedules: the form with its preview, the list, and one of them. */
export async function checkSchedules(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  const previewed = () => page.locator(".preview time").allTextContents();

  await check("the form of a schedule shows its next five captures while it is typed", async () => {
    await page.goto("/schedules");
    await page.getByRole("link", { name: "New schedule" }).click();
    await shown(page.locator(".preview time"));
    expectThat(/^\w{3},? .* 02:30/.test((await previewed())[0] ?? ""), `${await previewed()}`);
    await page.getByLabel("Minute, hour, day, month, weekday").fill("15 9 * * MON");
    await eventually("each is a Monday's", async () =>
      (await previewed()).every((text) => /^Mon,? .* 09:15/.test(text)),
    );
    await page.getByLabel("Time zone").fill("America/New_York");
    await eventually("they are New York's", async () => /GMT-[45]|E[SD]T/.test((await previewed())[0] ?? ""));
    await page.getByLabel("Minute, hour, day, month, weekday").fill("61 * * * *");
    await shown(page.getByText("This can't be read as a rule yet"));
    await expectAccessible(page);
  });

  await check("what the service refuses is said at the field", async () => {
    await page.getByLabel("Name", { exact: true }).fill("console nightly");
    await page.getByRole("button", { name: "Make the schedule" }).click();
    await shown(page.locator(".field-error").filter({ hasText: "its minute must be" }));
    await page.getByText("iCalendar rule").click();
    await page.getByLabel("Rule", { exact: true }).fill("FREQ=DAILY");
    await page.getByRole("button", { name: "Make the schedule" }).click();
    await shown(page.locator(".field-error").filter({ hasText: "BYHOUR is needed" }));
  });

  await check("a rule starts on a day, and ends with one or after a number of captures", async () => {
    await page.getByLabel("Rule", { exact: true }).fill("FREQ=WEEKLY;INTERVAL=2");
    await page.getByLabel("Time zone").fill("Europe/Vienna");
    await page.getByLabel("Start (optional)").fill("2027-01-04T09:00");
    await eventually("it begins then", async () => /Mon,? .* 0?9:00/.test((await previewed())[0] ?? ""));
    await page.getByText("After some captures").click();
    await page.getByLabel("Captures in all").fill("3");
    await eventually("there are three", async () => (await previewed()).length === 3);
    await shown(page.getByText("The captures to come begin"));
    await page.getByText("With a day").click();
    await page.getByLabel("Last day").fill("2027-01-18");
    await eventually("there are two", async () => (await previewed()).length === 2);
    await expectAccessible(page);
    await page.getByText("Never, or as the rule says").click();
    await page.getByLabel("Start (optional)").fill("");
  });

  await check("a schedule is made, and its next capture waits", async () => {
    await page.getByLabel("Rule", { exact: true }).fill("FREQ=DAILY;BYHOUR=3;BYMINUTE=15");
    await page.getByLabel("Captures to keep").fill("7");
    await page.getByText("Offer to compare each capture").click();
    await page.getByRole("button", { name: "Make the schedule" }).click();
    await shown(page.getByRole("heading", { name: "console nightly", level: 1 }));
    await shown(page.getByText("the last 7"));
    expectThat((await page.locator(".times time").count()) === 5, "It does not show five");
    await expectAccessible(page);
    await page.getByRole("link", { name: /^console nightly 20/ }).click();
    await shown(page.locator(".facts").getByRole("link", { name: "console nightly" }));
    await page.locator(".facts").getByRole("link", { name: "console nightly" }).click();
    await shown(page.getByRole("heading", { name: "console nightly", level: 1 }));
  });

  await check("a schedule is paused, and goes on, from its page and from the list", async () => {
    await page.getByRole("button", { name: "Pause" }).click();
    await shown(page.getByText("Paused", { exact: true }));
    await shown(page.getByText("There are none."));
    await page.getByRole("link", { name: "Schedules" }).first().click();
    await shown(page.getByRole("heading", { name: "Schedules", level: 1 }));
    await expectAccessible(page);
    await page.getByRole("button", { name: "Resume console nightly" }).click();
    await shown(page.locator(".card").filter({ hasText: "Next" }));
    const [schedule] = await send<Schedule[]>("GET", "/api/schedules");
    expectThat(schedule?.pausedAt === null && schedule.keepLast === 7, JSON.stringify(schedule));
  });

  await check(
    "the list shows the schedules of a state, of an environment, or with a text in their names",
    async () => {
      await page.getByLabel("State").selectOption("Paused");
      await shown(page.getByText("No schedule is like that"));
      await page.getByLabel("State").selectOption("Active");
      await shown(page.getByRole("link", { name: "console nightly", exact: true }));
      await page.getByLabel("Search").fill("NIGHT");
      await page.waitForURL(/search=NIGHT/);
      await shown(page.getByRole("link", { name: "console nightly", exact: true }));
      await page.getByLabel("Search").fill("daily");
      await shown(page.getByText("No schedule is like that"));
      await expectAccessible(page);
      await page.getByRole("link", { name: "Show all schedules" }).click();
      await shown(page.getByRole("link", { name: "console nightly", exact: true }));
    },
  );

  await check("a schedule that is over says so, and has no button to go on", async () => {
    // One comes to its end at a full minute only: what the service says of it is put into its reply instead.
    await page.route("**/api/schedules?*state=over*", async (route) => {
      const url = route.request().url().replace("state=over", "state=active");
      const all = (await (await route.fetch({ url })).json()) as Schedule[];
      await route.fulfill({ json: all.map((one) => ({ ...one, state: "over", next: [] })) });
    });
    await page.getByLabel("State").selectOption("Over");
    await shown(page.getByText("Over: its rule has no more captures"));
    expectThat(
      (await page.getByRole("button", { name: "console nightly" }).count()) === 0,
      "It has a button",
    );
    await expectAccessible(page);
    await page.unroute("**/api/schedules?*state=over*");
    await page.getByLabel("State").selectOption("Any");
    await shown(page.getByRole("button", { name: "Pause console nightly" }));
  });

  await check("a schedule is changed in the form that made it", async () => {
    await page.getByRole("link", { name: "console nightly", exact: true }).click();
    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByLabel("Name", { exact: true }).fill("console hourly");
    await page.getByText("Cron expression").click();
    await page.getByLabel("Minute, hour, day, month, weekday").fill("5 * * * *");
    await page.getByRole("button", { name: "Change it" }).click();
    await shown(page.getByRole("heading", { name: "console hourly", level: 1 }));
    await shown(page.locator("code").filter({ hasText: "5 * * * *" }));
    await shown(page.getByRole("link", { name: /^console hourly 20/ }));
  });

  await check("the list and the form of schedules fit a small screen", async () => {
    const small = await visitSignedIn(world, { width: 320, colours: "dark" });
    for (const [path, ready] of [
      ["/schedules", ".card"],
      ["/schedules/new", ".preview time"],
    ] as const) {
      await small.page.goto(path);
      await shown(small.page.locator(ready));
      await expectNoWider(small.page, 320, path);
      await expectAccessible(small.page);
    }
    await small.context.close();
  });

  await check("a schedule is deleted after a question, and its waiting capture with it", async () => {
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
    await shown(page.getByText("No schedules yet"));
    const waiting = await send<unknown[]>("GET", "/api/captures?search=console+hourly");
    expectThat(waiting.length === 0, "A capture still waits");
  });
  await context.close();

  await check(
    "a calendar gets a secret address, which calendar programs read until it is revoked",
    async () => {
      const { context, page } = await visitSignedIn(world);
      await page.goto("/schedules");
      await page.getByRole("button", { name: "Make an address" }).click();
      const address = await page.getByLabel("Address for your calendar program").inputValue();
      const read = async () => {
        const reply = await fetch(address);
        return { status: reply.status, text: await reply.text() };
      };
      const { status, text } = await read();
      expectThat(status === 200 && text.startsWith("BEGIN:VCALENDAR\r\n"), text);
      await page.getByRole("button", { name: "Revoke it" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
      await shown(page.getByRole("button", { name: "Make an address" }));
      expectThat((await read()).status === 404, "The address still works");
      await context.close();
    },
  );
}
