import { check } from "../../../scripts/lib/checks.ts";
import type { Schedule } from "../../../src/client/index.ts";
import { captures, expectThat, type World } from "./world.ts";

/** `captures schedule`. */
export async function checkSchedules(world: World): Promise<void> {
  const run = (...args: string[]) => captures(world, ["schedule", ...args]);
  const add = (...more: string[]) => run("add", "--env", "demo", "--for", "10m", ...more);

  await check("schedule add makes a schedule, whose next capture waits", async () => {
    const made = await add("--name", "nightly", "--cron", "30 2 * * *", "-z", "Europe/Vienna", "--compare");
    expectThat(made.code === 0, made.err);
    expectThat(
      /^Schedule \d+ "nightly": next \d{4}-\d\d-\d\d \d\d:\d\d:00(?:Z|[+-]\d\d:\d\d)\n.*\/schedules\/\d+\n$/.test(
        made.out,
      ),
      made.out,
    );
    const { out } = await captures(world, ["list", "--status", "scheduled", "--json"]);
    const [waiting] = JSON.parse(out) as { name: string; schedule: { name: string } }[];
    expectThat(waiting?.schedule.name === "nightly" && /^nightly .* 02:30$/.test(waiting.name), out);
  });

  await check("schedule add reads a rule of iCalendar and all that says how to record", async () => {
    const options = [
      "--rrule",
      "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9",
      "--log",
      "slow",
      "--min-duration",
      "100ms",
    ];
    const { code, out, err } = await add(
      "--name",
      "monthly",
      ...options,
      "--keep",
      "3",
      "-l",
      "a=b",
      "--json",
    );
    expectThat(code === 0, err);
    const made = JSON.parse(out) as Schedule;
    const { log, minDuration, keepLast, labels, duration } = made;
    expectThat(
      JSON.stringify([log, minDuration, keepLast, labels, duration]) === '["slow",100,3,{"a":"b"},600]',
      out,
    );
    expectThat(made.timeZone === Intl.DateTimeFormat().resolvedOptions().timeZone, out);
  });

  await check(
    "schedule add without a rule, with two, or with one that can't be read is refused",
    async () => {
      const none = await add("--name", "x");
      expectThat(none.code === 2 && /--cron or --rrule/.test(none.err), none.err);
      const two = await add("--name", "x", "--cron", "* * * * *", "--rrule", "FREQ=HOURLY");
      expectThat(two.code === 2 && /give one/.test(two.err), two.err);
      const wrong = await add("--name", "x", "--cron", "61 * * * *");
      expectThat(wrong.code === 1 && /error: cron: its minute must be/.test(wrong.err), wrong.err);
      const taken = await add("--name", "nightly", "--cron", "0 0 * * *");
      expectThat(taken.code === 1 && /same name/.test(taken.err), taken.err);
    },
  );

  await check("schedule add has a rule start at a time and end after a number, or on a day", async () => {
    const rule = ["--rrule", "FREQ=WEEKLY;INTERVAL=2", "--start", "2027-01-04T09:00", "-z", "Europe/Vienna"];
    const counted = JSON.parse(
      (await add("--name", "counted", ...rule, "--count", "3", "--json")).out,
    ) as Schedule;
    expectThat(
      counted.rrule === "FREQ=WEEKLY;INTERVAL=2;COUNT=3" && counted.start === "2027-01-04T09:00",
      JSON.stringify(counted),
    );
    expectThat(
      `${counted.next}` === "2027-01-04T08:00:00.000Z,2027-01-18T08:00:00.000Z,2027-02-01T08:00:00.000Z",
      `${counted.next}`,
    );
    const dated = JSON.parse(
      (await add("--name", "dated", ...rule, "--until", "2027-01-18", "--json")).out,
    ) as Schedule;
    expectThat(
      dated.rrule === "FREQ=WEEKLY;INTERVAL=2;UNTIL=20270118" && dated.next.length === 2,
      `${dated.next}`,
    );
    expectThat(/^Start\t2027-01-04T09:00$/m.test((await run("show", "dated")).out), "It shows no start");
    const cron = await add("--name", "x", "--cron", "0 0 * * *", "--count", "2");
    expectThat(cron.code === 2 && /a cron expression has no end/.test(cron.err), cron.err);
    const wrong = await add("--name", "x", ...rule, "--until", "soon");
    expectThat(wrong.code === 2 && /--until must be a date/.test(wrong.err), wrong.err);
    const both = await add("--name", "x", ...rule, "--until", "2027-02-01", "--count", "2");
    expectThat(both.code === 1 && /COUNT and UNTIL can't both be there/.test(both.err), both.err);
    for (const name of ["counted", "dated"]) await run("remove", name, "--yes");
  });

  await check("schedule list prints them with a tab between the columns", async () => {
    const { out } = await run("list", "--env", "demo");
    const [titles, ...rows] = out.trimEnd().split("\n");
    expectThat(titles === "ID\tNAME\tSTATE\tENVIRONMENT\tRULE\tFOR\tNEXT", out);
    expectThat(
      rows.length === 2 &&
        /^\d+\tnightly\tactive\tdemo\t30 2 \* \* \* \(Europe\/Vienna\)\t10m\t2/.test(rows[0] ?? ""),
      out,
    );
    const json = JSON.parse((await run("list", "--json")).out) as Schedule[];
    expectThat(json.length === 2 && json[0]?.next.length === 5, JSON.stringify(json));
    const found = JSON.parse(
      (await run("list", "--search", "NIGHT", "--state", "active", "--json")).out,
    ) as Schedule[];
    expectThat(`${found.map(({ name }) => name)}` === "nightly", JSON.stringify(found));
    expectThat((await run("list", "--state", "over", "--json")).out === "[]\n", "One is over");
    const unknown = await run("list", "--state", "done");
    expectThat(unknown.code === 2 && /active, paused, over/.test(unknown.err), unknown.err);
  });

  await check("schedule show and next say when captures begin", async () => {
    const { out } = await run("show", "nightly");
    expectThat(/^Rule\t30 2 \* \* \* \(Europe\/Vienna\)$/m.test(out) && /^Compares\t/m.test(out), out);
    const next = await run("next", "nightly", "-n", "7");
    expectThat(next.out.trimEnd().split("\n").length === 7, next.out);
    const json = JSON.parse((await run("next", "nightly", "--json")).out) as string[];
    expectThat(json.length === 5 && json.every((time) => time.endsWith(":30:00.000Z")), JSON.stringify(json));
    const unknown = await run("show", "nobody");
    expectThat(unknown.code === 1 && /There is no schedule "nobody"/.test(unknown.err), unknown.err);
  });

  await check("schedule pause and resume stop it and have it go on", async () => {
    const paused = await run("pause", "nightly");
    expectThat(/^Schedule \d+ "nightly": paused\n$/.test(paused.out), paused.out);
    expectThat((await run("next", "nightly")).out === "", "It has times to come");
    const resumed = await run("resume", "nightly");
    expectThat(/: next /.test(resumed.out), resumed.out);
  });

  await check("schedule remove deletes one, and asks before it does", async () => {
    const asked = await run("remove", "nightly");
    expectThat(asked.code === 2 && /--yes/.test(asked.err), asked.err);
    for (const name of ["nightly", "monthly"]) {
      const { code, out } = await run("remove", name, "--yes");
      expectThat(code === 0 && out.startsWith("Deleted schedule"), out);
    }
    expectThat((await run("list", "--json")).out === "[]\n", "Some are left");
  });
}
