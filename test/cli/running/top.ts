import { check } from "../../../scripts/lib/checks.ts";
import type { WorkloadDigest } from "../../../src/client/index.ts";
import { inTerminal, KEYS, type Terminal } from "./terminal.ts";
import { captures, expectThat, json, type World } from "./world.ts";

/** Whether a terminal was given back as it was: its own screen, and the cursor. */
function expectRestored(terminal: Terminal): void {
  const raw = terminal.raw();
  expectThat(raw.lastIndexOf("\x1b[?1049l") > raw.lastIndexOf("\x1b[?1049h"), "It left the other screen on");
  expectThat(raw.lastIndexOf("\x1b[?25h") > raw.lastIndexOf("\x1b[?25l"), "It left the cursor hidden");
}

/** `captures top`: what a database does, as the program top has it. */
export async function checkTop(world: World): Promise<void> {
  await check("top without a terminal prints one table, by time where the slow log says it", async () => {
    const { code, out } = await captures(world, ["top", "2", "-n", "3"]);
    const lines = out.trimEnd().split("\n");
    expectThat(code === 0 && lines[0] === "TIME%\tTIME\tCALLS\tMEAN\tP99\tSTATEMENT", out);
    const shares = lines.slice(1).map(Number.parseFloat);
    expectThat(shares.length === 3 && shares.every((share, at) => share <= (shares[at - 1] ?? 100)), out);
  });
  await check("top of a general log is by calls", async () => {
    const { out } = await captures(world, ["top", "1"]);
    const calls = out
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => Number(line.split("\t")[1]?.replaceAll(",", "")));
    expectThat(out.startsWith("CALLS%\tCALLS\tSTATEMENT\n"), out);
    expectThat(calls.length === 20 && calls.every((count, at) => count <= (calls[at - 1] ?? count)), out);
  });
  await check("top --json prints the API's digest", async () => {
    const [first] = await json<WorkloadDigest[]>(world, ["top", "2", "--sort", "calls", "-n", "1"]);
    expectThat(first?.fingerprint.length === 16, JSON.stringify(first));
  });
  await check("top without a capture that runs says how to make one", async () => {
    const { code, err } = await captures(world, ["top", "--env", "shop"]);
    expectThat(code === 1 && /No capture of shop is running\ncaptures start makes one/.test(err), err);
    const both = await captures(world, ["top", "1", "--env", "shop"]);
    expectThat(both.code === 2, both.err);
  });
  await checkLive(world);
}

async function checkLive(world: World): Promise<void> {
  await captures(world, ["start", "--env", "demo", "--name", "for top", "--log", "both", "--wait=running"]);
  await check(
    "top in a terminal shows a running capture's statements live, with rates, in any order",
    async () => {
      const terminal = inTerminal(world, ["top", "--env", "demo", "--every", "1s"]);
      await terminal.shows(/for top \(\d+\) {2}Recording {2}for \d+s {2}[\d,]+ statements/);
      await terminal.shows(/by time {3}q quit/);
      await terminal.shows(/TIME% +TIME +CALLS +CALLS\/S +MEAN +P99 +STATEMENT\n *[\d.]+% /);
      // Once the log was read again.
      await terminal.shows(/\n *[\d.]+% +[\d.]+ \S+ +[\d,]+ +[1-9][\d.]* /);
      terminal.type("s");
      await terminal.shows(/by calls/);
      terminal.type(" ");
      await terminal.shows(/by calls, paused/);
      const rows = terminal.raw().split("\x1b[H").at(-1)?.split("\n") ?? [];
      expectThat(rows.length <= 24, `It drew ${rows.length} rows`);
      terminal.type("q");
      expectThat((await terminal.ended).code === 0, "q does not end it with 0");
      expectRestored(terminal);
    },
  );
  await check("top gives the terminal back on every way out", async () => {
    for (const [end, code] of [
      [(terminal: Terminal) => terminal.type(KEYS.ctrlC), 130],
      [(terminal: Terminal) => terminal.signal("SIGTERM"), 143],
      [(terminal: Terminal) => terminal.signal("SIGHUP"), 129],
    ] as const) {
      const terminal = inTerminal(world, ["top", "for top"]);
      await terminal.shows(/STATEMENT/);
      end(terminal);
      const ran = await terminal.ended;
      expectThat(ran.code === code, `It ended with ${ran.code}, not ${code}`);
      expectRestored(terminal);
    }
  });
  await check("top gives the terminal back when a key is refused", async () => {
    const terminal = inTerminal(world, ["top", "1"], { env: { CAPTURES_KEY: "captures_wrong" } });
    expectThat((await terminal.ended).code === 4, "It ended with another code");
    expectThat(!terminal.raw().includes("\x1b[?1049h"), "It opened the screen before");
  });
  await captures(world, ["stop", "for top", "--wait"]);
  await check("top of a capture that has ended stays until somebody ends it", async () => {
    const terminal = inTerminal(world, ["top", "for top", "--sort", "mean"]);
    await terminal.shows(/Done[\s\S]*by mean[\s\S]*STATEMENT/);
    terminal.type("q");
    expectThat((await terminal.ended).code === 0, "q does not end it with 0");
  });
}
