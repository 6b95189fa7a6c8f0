import { check } from "../../../scripts/lib/checks.ts";
import type { Capture, FullCapture, LiveMessage } from "../../../src/client/index.ts";
import { inTerminal, KEYS } from "./terminal.ts";
import { captures, expectThat, json, until, type World } from "./world.ts";

/** `captures start`, `watch`, `stop` and `cancel`. */
export async function checkStarting(world: World): Promise<void> {
  await check("start makes a capture with all that it is told", async () => {
    const made = await json<Capture>(world, [
      ...[
        "start",
        "--env",
        "demo",
        "--name",
        "all of it",
        "--at",
        "in 2h",
        "--until",
        "in 3h",
        "--log",
        "both",
      ],
      ...["--min-duration", "100ms", "--redact", "literals", "--max-size", "5MB", "--notes", "a note"],
      ...["--label", "branch=main", "--label", "equation=a=b"],
    ]);
    const full = await json<FullCapture>(world, ["show", String(made.id)]);
    const { log, minDuration, redact, maxBytes, notes, labels, duration } = full;
    const told = JSON.stringify([log, minDuration, redact, maxBytes, notes, labels]);
    expectThat(told === '["both",100,"literals",5000000,"a note",{"branch":"main","equation":"a=b"}]', told);
    expectThat(duration === 3600 || duration === 3601, `It is to run ${duration} s`);
    const ahead = Date.parse(made.scheduledStart ?? "") - Date.now();
    expectThat(Math.abs(ahead - 7_200_000) < 60_000, `It starts in ${ahead} ms`);
  });
  await check("start says what it made: its id, its environment, its times and its address", async () => {
    const { code, out, err } = await captures(world, [
      "start",
      "--env",
      "demo",
      "--at",
      "in 1d",
      "--name",
      "t",
    ]);
    const said = /^Capture (\d+) "t" of demo: SCHEDULED, starts .*, runs until it is stopped\n(\S+)\n$/.exec(
      out,
    );
    expectThat(code === 0 && err === "", err);
    expectThat(said?.[2] === `${world.address}/captures/${said?.[1]}`, out);
  });
  await check("cancel ends a capture that does not run yet, and stop refuses to", async () => {
    const stopped = await captures(world, ["stop", "t"]);
    expectThat(stopped.code === 1 && stopped.out === "" && /^error: /.test(stopped.err), stopped.err);
    const { code, out } = await captures(world, ["cancel", "t"]);
    expectThat(code === 0 && /^Capture \d+: FAILED: Cancelled before it was running\n$/.test(out), out);
  });
  await check("start refuses what contradicts itself, and makes nothing", async () => {
    for (const [args, message] of [
      [["--for", "1h", "--until", "in 2h"], /--for and --until/],
      [["--at", "in 1h", "--since", "1h ago"], /--at is for a start to come/],
      [["--at", "in 2h", "--until", "in 1h"], /before it begins/],
      [["--for", "ten minutes"], /is no duration, such as 90s/],
      [["--min-duration", "100", "--log", "slow"], /Say its unit, such as 100ms/],
      [["--log", "audit"], /Allowed choices are general, slow, both/],
      [["--max-size", "5 MiB"], /has to be a size/],
    ] as const) {
      const { code, err } = await captures(world, ["start", "--env", "demo", "--name", "never", ...args]);
      expectThat(code === 2 && message.test(err), `${args.join(" ")}: ${code}: ${err}`);
    }
    const short = await captures(world, ["start", "--env", "demo", "--name", "never", "--for", "5s"]);
    expectThat(short.code === 1 && /60 seconds/.test(short.err), short.err);
    expectThat((await json<Capture[]>(world, ["list", "--name", "never"])).length === 0, "It made one");
  });
  await check("times are the machine's, and one that summer time leaves out is refused", async () => {
    const env = { TZ: "Europe/Berlin" };
    const at = (time: string) =>
      captures(world, ["start", "--env", "demo", "--name", time, "--at", time, "--json"], { env });
    const { code, err } = await at("2027-03-28 02:30");
    expectThat(code === 2 && /"2027-03-28 02:30" is no time/.test(err), `${code}: ${err}`);
    const [winter, summer] = [await at("2027-03-28 01:30"), await at("2027-03-28 03:30")];
    const startOf = ({ out }: { out: string }) => (JSON.parse(out) as Capture).scheduledStart;
    expectThat(startOf(winter) === "2027-03-28T00:30:00.000Z", winter.out);
    expectThat(startOf(summer) === "2027-03-28T01:30:00.000Z", summer.out);
    expectThat(/starts 2027-03-28 03:30:00/.test(summer.err), summer.err);
    for (const { out } of [winter, summer])
      await captures(world, ["cancel", String((JSON.parse(out) as Capture).id)]);
  });
  await check("start without an environment says which there are, where nobody can be asked", async () => {
    const { code, err } = await captures(world, ["start"]);
    expectThat(code === 2 && /Say --env NAME\. There are demo, shop/.test(err), err);
    const { code: byVariable, err: said } = await captures(world, ["start", "--for", "1s"], {
      env: { CAPTURES_ENV: "demo" },
    });
    expectThat(byVariable === 1 && /60 seconds/.test(said), said);
  });
  await check("start --wait=running waits until it records; watch --json follows it to its end", async () => {
    const started = await json<Capture>(world, [
      "start",
      "--env",
      "demo",
      "--name",
      "watched",
      "--wait=running",
    ]);
    expectThat(started.status === "RUNNING", started.status);
    let isWatching = false;
    const watching = captures(world, ["watch", "watched", "--json"], {
      onStart: (child) =>
        child.stdout?.once("data", () => {
          isWatching = true;
        }),
    });
    await until("it is watched", () => isWatching);
    const stopped = await json<Capture>(world, ["stop", "watched", "--wait"]);
    expectThat(stopped.status === "DONE", stopped.status);
    const { code, out } = await watching;
    const messages = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as LiveMessage);
    const statuses = messages.map(({ capture }) => capture.status);
    expectThat(code === 0 && statuses[0] === "RUNNING" && statuses.at(-1) === "DONE", statuses.join());
    expectThat(new Set(out.split("\n")).size === messages.length + 1, "A message was printed twice");
  });
  await check("watch of a capture that has failed ends with 1 and its reason", async () => {
    const { code, out } = await captures(world, ["watch", "t"]);
    expectThat(code === 1 && /FAILED: Cancelled/.test(out), out);
  });
  await check("start --wait in a pipe prints plain lines, and ends with the capture", async () => {
    let said = "";
    const waiting = captures(world, ["start", "--env", "demo", "--name", "plain", "--wait"], {
      onStart: (child) =>
        child.stderr?.on("data", (data) => {
          said += data;
        }),
    });
    await until("it says that it records", () => /^Recording, for \d+s/m.test(said));
    await captures(world, ["stop", "plain"]);
    const { code, out, err } = await waiting;
    expectThat(code === 0 && /Capture \d+: DONE, /.test(out), out);
    expectThat(
      /^Starting/m.test(err) && /^Recording, for /m.test(err) && !err.includes("\x1b") && !err.includes("\r"),
      err,
    );
    const quiet = await captures(world, ["watch", "plain", "--quiet"]);
    expectThat(quiet.code === 0 && quiet.err === "", quiet.err);
  });
  await checkInterrupts(world);
}

async function checkInterrupts(world: World): Promise<void> {
  const start = (name: string, ...more: string[]) => [
    "start",
    "--env",
    "demo",
    "--name",
    name,
    "--wait",
    ...more,
  ];
  const statusOf = async (name: string) => (await json<FullCapture>(world, ["show", name])).status;
  await check("start --wait in a terminal shows a bar, and Ctrl-C can stop the capture", async () => {
    const terminal = inTerminal(world, start("stopped", "--for", "5m"));
    await terminal.shows(/Recording \[-+\] +0% {2}\dm(\d+s)? left {2}[\d,]+ statements/);
    terminal.type(KEYS.ctrlC);
    await terminal.shows(/What is to become of capture \d+\?[\s\S]*Go on waiting/);
    terminal.type(KEYS.enter);
    const { code, out } = await terminal.ended;
    expectThat(code === 0 && /Capture \d+: DONE/.test(out), `${code}: ${out}`);
    expectThat(
      terminal.raw().lastIndexOf("\x1b[?25h") > terminal.raw().lastIndexOf("\x1b[?25l"),
      "The cursor is hidden",
    );
  });
  await check("a second Ctrl-C leaves the capture running, and says how to stop it", async () => {
    const terminal = inTerminal(world, start("left"));
    await terminal.shows(/Recording {2}for \d+s/);
    terminal.type(KEYS.ctrlC);
    await terminal.shows(/Leave it running/);
    terminal.type(KEYS.ctrlC);
    const { code, out } = await terminal.ended;
    expectThat(
      code === 130 && /goes on: captures watch \d+ shows it, captures stop \d+ ends it/.test(out),
      out,
    );
    expectThat((await statusOf("left")) === "RUNNING", "It does not run");
  });
  await check("the question goes away when the capture ends meanwhile", async () => {
    const terminal = inTerminal(world, start("ended by another"));
    await terminal.shows(/Recording {2}for \d+s/);
    terminal.type(KEYS.ctrlC);
    await terminal.shows(/Go on waiting/);
    await captures(world, ["stop", "ended by another"]);
    const { code, out } = await terminal.ended;
    expectThat(code === 0 && /Capture \d+: DONE/.test(out), `${code}: ${out}`);
  });
  await check("Go on waiting goes on, and Ctrl-C asks again", async () => {
    const terminal = inTerminal(world, start("asked twice"));
    await terminal.shows(/Recording {2}for \d+s/);
    terminal.type(KEYS.ctrlC);
    await terminal.shows(/Go on waiting/);
    terminal.type(KEYS.down + KEYS.down + KEYS.enter);
    await terminal.shows(/Recording {2}for \d+s/);
    terminal.type(KEYS.ctrlC);
    await terminal.shows(/Go on waiting/);
    terminal.type(KEYS.down + KEYS.enter);
    const { code, out } = await terminal.ended;
    expectThat(code === 130 && /goes on: captures watch/.test(out), `${code}: ${out}`);
    await captures(world, ["stop", "asked twice"]);
  });
  await check("Ctrl-C of watch ends the command, not the capture", async () => {
    const terminal = inTerminal(world, ["watch", "left"]);
    await terminal.shows(/Recording/);
    terminal.type(KEYS.ctrlC);
    expectThat((await terminal.ended).code === 130, "It ended with another code");
    expectThat((await statusOf("left")) === "RUNNING", "It does not run");
  });
  await check("without a terminal, SIGINT leaves the capture and SIGTERM ends with 143", async () => {
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const ran = await captures(world, ["watch", "left"], {
        onStart: (child) => child.stderr?.once("data", () => child.kill(signal)),
      });
      expectThat(ran.code === code, `${signal}: ${ran.code}: ${ran.err}`);
    }
    const waiting = await captures(world, start("left too"), {
      onStart: (child) =>
        child.stderr?.on("data", (data) => {
          if (/Recording/.test(String(data))) child.kill("SIGINT");
        }),
    });
    expectThat(waiting.code === 130 && /goes on: captures watch/.test(waiting.err), waiting.err);
    expectThat((await statusOf("left too")) === "RUNNING", "It does not run");
    for (const name of ["left", "left too"]) await captures(world, ["stop", name]);
  });
}
