import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "../../../scripts/lib/checks.ts";
import type { Capture, FullCapture } from "../../../src/client/index.ts";
import { inTerminal, KEYS } from "./terminal.ts";
import { captures, expectThat, json, until, type World } from "./world.ts";

/** `captures run`: a capture of what goes on while a program runs. */
export async function checkRunning(world: World): Promise<void> {
  const run = (name: string, ...more: string[]) => ["run", "--env", "demo", "--name", name, ...more];
  const named = async (name: string) => (await json<FullCapture[]>(world, ["list", "--name", name]))[0];
  await check("run passes input, output and the exit code on, while the capture runs", async () => {
    const file = join(world.folder, "id");
    const script = `cat; echo "to stderr" >&2; exit 7`;
    const args = run("passed on", "--label", "a=b", "--id-file", file, "--", "sh", "-c", script);
    const { code, out, err } = await captures(world, args, { input: "from stdin\n" });
    expectThat(code === 7 && out === "from stdin\n", `${code}: ${out}`);
    const id = readFileSync(file, "utf8").trim();
    expectThat(err.includes(`Capture ${id} of demo: ${world.address}/captures/${id}\n`), err);
    expectThat(err.includes("to stderr\n") && err.includes(`Capture ${id}: DONE`), err);
    const capture = await named("passed on");
    expectThat(capture?.id === Number(id) && capture.labels.a === "b", JSON.stringify(capture));
    expectThat(capture.duration === 86_400, "A killed command could leave it running for ever");
  });
  await check(
    "the program starts when the capture records, and the capture stops when the program has ended",
    async () => {
      const times = join(world.folder, "times");
      const script = `date +%s%3N > ${times}; sleep 2; date +%s%3N >> ${times}`;
      const { code } = await captures(world, run("in time", "--", "sh", "-c", script));
      const [began = 0, ended = 0] = readFileSync(times, "utf8").split("\n").map(Number);
      const { start, end, status } = (await named("in time")) as FullCapture;
      expectThat(code === 0 && status === "DONE", `${code}, ${status}`);
      expectThat(
        Date.parse(start ?? "") <= began && Date.parse(end ?? "") >= ended,
        `${start} ${began} ${ended} ${end}`,
      );
    },
  );
  await check("run --json prints the capture after the program's own output", async () => {
    const { out } = await captures(world, run("json", "--json", "--", "echo", "hello"));
    const [first, last = ""] = out.trimEnd().split("\n");
    expectThat(first === "hello" && (JSON.parse(last) as Capture).status === "DONE", out);
  });
  await check("run --no-wait does not wait for the rest of the log", async () => {
    const { code, err } = await captures(world, run("no wait", "--no-wait", "--", "true"));
    expectThat(code === 0 && /Capture \d+: STOPPING/.test(err), err);
  });
  await check("a program that a signal has ended is 128 and the signal's number", async () => {
    const { code } = await captures(world, run("killed", "--", "sh", "-c", "kill -KILL $$"));
    expectThat(code === 137 && (await named("killed"))?.status === "DONE", String(code));
  });
  await check("SIGTERM is passed on to the program, and the capture is stopped", async () => {
    const script = `trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.1; done`;
    const { code, out } = await captures(world, run("told to end", "--", "sh", "-c", script), {
      onStart: (child) => child.stdout?.once("data", () => child.kill("SIGTERM")),
    });
    expectThat(code === 5 && out === "ready\ncaught\n", `${code}: ${out}`);
    expectThat((await named("told to end"))?.status === "DONE", "It goes on");
  });
  await check("Ctrl-C in a terminal reaches the program once, and the capture is stopped", async () => {
    const script = `trap 'echo caught' INT; echo ready; sleep 30; exit 6`;
    const terminal = inTerminal(world, run("ctrl-c", "--", "sh", "-c", script));
    await terminal.shows(/ready/);
    terminal.type(KEYS.ctrlC);
    const { code, out } = await terminal.ended;
    expectThat(code === 6 && out.match(/caught/g)?.length === 1, `${code}: ${out}`);
    expectThat((await named("ctrl-c"))?.status === "DONE", "It goes on");
  });
  await check("Ctrl-C before the program runs cancels the capture, and does not run it", async () => {
    const terminal = inTerminal(world, run("early", "--", "echo", "it runs"));
    await terminal.shows(/Capture \d+ of demo/);
    terminal.type(KEYS.ctrlC);
    const { code, out } = await terminal.ended;
    expectThat(code === 130 && !/it runs/.test(out), `${code}: ${out}`);
    await until("it has ended", async () =>
      ["FAILED", "DONE"].includes((await named("early"))?.status ?? ""),
    );
  });
  await checkRefusals(world, run);
}

async function checkRefusals(
  world: World,
  run: (name: string, ...more: string[]) => string[],
): Promise<void> {
  await check(
    "a program that is not there is 127, one that can't be executed 126, and nothing is captured",
    async () => {
      const file = join(world.folder, "not-executable");
      writeFileSync(file, "", { mode: 0o600 });
      const none = await captures(world, run("nothing", "--", "no-such-program"));
      expectThat(none.code === 127 && /there is no such program/.test(none.err), none.err);
      const { code, err } = await captures(world, run("nothing", "--", file));
      expectThat(code === 126 && /can't be executed/.test(err), err);
      expectThat((await json<Capture[]>(world, ["list", "--name", "nothing"])).length === 0, "It captured");
      rmSync(file);
    },
  );
  await check("if there can be no capture, the program is not run, unless with --anyway", async () => {
    const wrong = ["run", "--env", "nowhere"];
    const refused = await captures(world, [...wrong, "--", "echo", "it runs"]);
    expectThat(refused.code === 1 && refused.out === "", `${refused.code}: ${refused.out}`);
    const anyway = await captures(world, [...wrong, "--anyway", "--", "sh", "-c", "echo it runs; exit 9"]);
    expectThat(anyway.code === 9 && anyway.out === "it runs\n", `${anyway.code}: ${anyway.out}`);
    expectThat(/The program runs without a capture/.test(anyway.err), anyway.err);
  });
  await check("if the capture fails to start, the program is not run, and the reason is said", async () => {
    // Its parameter group is Amazon's own (environments.ts adds it).
    const args = ["run", "--env", "default-group", "--name", "fails", "--", "echo", "it runs"];
    const { code, out, err } = await captures(world, args);
    expectThat(code === 1 && out === "", `${code}: ${out}`);
    expectThat(/Capture \d+ did not start: .*which is Amazon's own/.test(err), err);
  });
}
