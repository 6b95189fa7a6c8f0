import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { check } from "../../../scripts/lib/checks.ts";
import { inTerminal } from "./terminal.ts";
import { captures, commandLine, expectThat, type World } from "./world.ts";

/** What every command has in common: where things are printed, how it ends, colours. */
export async function checkCommon(world: World): Promise<void> {
  await check("without a key, a command says how to sign in, and ends with 4", async () => {
    const { code, out, err } = await captures(world, ["list"], { env: { CAPTURES_KEY: "" } });
    expectThat(code === 4 && out === "" && /captures login/.test(err), `${code}: ${err}`);
  });
  await check("with a key that is not known, a command ends with 4", async () => {
    const { code, err } = await captures(world, ["list"], { env: { CAPTURES_KEY: "captures_wrong" } });
    expectThat(
      code === 4 && /^error: .*key.*\(request [\w-]+\)\nRun captures login/.test(err),
      `${code}: ${err}`,
    );
  });
  await check("a service that can't be reached is a failure, without a stack", async () => {
    const { code, err } = await captures(world, ["--url", "http://127.0.0.1:1", "list"]);
    expectThat(code === 1 && err === "error: The service could not be reached\n", `${code}: ${err}`);
  });
  await check("an address that is none is refused with 2", async () => {
    const { code, err } = await captures(world, ["list", "--url", "ftp://example.com"]);
    expectThat(code === 2 && /is no address/.test(err), `${code}: ${err}`);
  });
  await check(
    "a word that is no command is refused with 2, and the one that is like it is named",
    async () => {
      const { code, err } = await captures(world, ["lst"]);
      expectThat(code === 2 && /Did you mean list/.test(err), `${code}: ${err}`);
    },
  );
  await check("without a command it prints its help, and with --help on standard output", async () => {
    const none = await captures(world, []);
    const help = await captures(world, ["--help"]);
    expectThat(none.code === 2 && none.out === "" && /Commands:/.test(none.err), none.err);
    expectThat(help.code === 0 && help.err === "" && /Commands:/.test(help.out), help.out);
  });
  await check("a pipe gets no colours even in CI, and a terminal none with NO_COLOR", async () => {
    const piped = await captures(world, ["list"], { env: { NO_COLOR: "", CI: "true" } });
    expectThat(!piped.out.includes("\x1b"), piped.out);
    const colored = inTerminal(world, ["list"]);
    await colored.ended;
    expectThat(colored.raw().includes("\x1b[32mDONE"), colored.raw());
    const plain = inTerminal(world, ["list"], { env: { NO_COLOR: "1" } });
    expectThat((await plain.ended).code === 0 && !plain.raw().includes("\x1b"), plain.raw());
  });
  await check("in a terminal a table lines up, and is no wider", async () => {
    const { out } = await inTerminal(world, ["list"]).ended;
    const lines = out.trimEnd().split("\n");
    expectThat(/^ID {2}NAME +STATUS +ENVIRONMENT/.test(lines[0] ?? ""), out);
    expectThat(lines.length === 3 && lines.every((line) => line.length <= 100), out);
  });
  await check(
    "docs/cli.md says what the help does, and the tour of docs/getting-started.md runs",
    async () => {
      const script = new URL("../../../scripts/docs-cli.ts", import.meta.url).pathname;
      const root = new URL("../../..", import.meta.url).pathname;
      execFileSync(process.execPath, [script, "--check"], { cwd: root });
      const page = readFileSync(new URL("../../../docs/getting-started.md", import.meta.url), "utf8");
      const lines = [...page.matchAll(/^\$ captures (.*)$/gm)].map(([, args]) => (args as string).split(" "));
      expectThat(lines.length > 4, `The tour has ${lines.length} commands`);
      // Signing in has a test of its own.
      for (const args of lines.filter(([name]) => name !== "login")) {
        const { code, err } = await captures(world, args);
        expectThat(code === 0, `captures ${args.join(" ")} ended with ${code}: ${err}`);
      }
    },
  );
  await check("a reader that goes away ends it without a word", async () => {
    const { program, before, options } = commandLine(world);
    const line = `"$0" "$@" 2> err | true; echo "\${PIPESTATUS[0]}"; cat err`;
    const child = spawn("bash", ["-c", line, program, ...before, "list"], options);
    let out = "";
    child.stdout.on("data", (data) => {
      out += data;
    });
    await new Promise((resolve) => child.on("close", resolve));
    expectThat(out === "0\n", out);
  });
}
