import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
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
  await check("a key that no header may have is never shown, and space around one is left out", async () => {
    for (const args of [["list"], ["whoami"], ["login", world.address, "--key", "captures_se\ncret"]]) {
      const { code, out, err } = await captures(world, args, { env: { CAPTURES_KEY: "captures_se\ncret" } });
      expectThat((code === 4 || code === 2) && /^error: .* is no API key\n$/.test(err), `${code}: ${err}`);
      expectThat(!`${out}${err}`.includes("cret"), out + err);
    }
    const folder = mkdtempSync(join(world.folder, "kept-"));
    const kept = { version: 1, url: world.address, key: "captures_se\ncret", user: null, expiresAt: null };
    writeFileSync(join(folder, "login.json"), JSON.stringify(kept));
    const stored = await captures(world, ["list"], {
      env: { CAPTURES_KEY: "", CAPTURES_CONFIG_DIR: folder },
    });
    expectThat(stored.code === 1 && /login.json is not readable/.test(stored.err), stored.err);
    expectThat(!stored.err.includes("cret"), stored.err);
    const padded = await captures(world, ["list"], { env: { CAPTURES_KEY: `${world.key}\n` } });
    expectThat(padded.code === 0, padded.err);
  });
  await check(
    "a failure that nothing foresaw is one line, and a trace only with CAPTURES_DEBUG",
    async () => {
      const { program, before, options } = commandLine(world);
      for (const args of [
        ["list"],
        ["digest", "1", "--json"],
        ["download", "1", "--format", "log", "-o", "-"],
      ]) {
        const line = `"$0" "$@" > /dev/full`;
        const { status, stderr } = spawnSync("bash", ["-c", line, program, ...before, ...args], {
          ...options,
          encoding: "utf8",
        });
        const isOneLine = /^error: Standard output can't be written: ENOSPC[^\n]*\n$/.test(stderr);
        expectThat(status === 1 && isOneLine, `${args[0]}: ${status}: ${stderr}`);
      }
      const file = join(world.folder, "a-file");
      writeFileSync(file, "");
      const login = ["login", world.address, "--key", world.key];
      const env = { CAPTURES_CONFIG_DIR: join(file, "config") };
      const kept = await captures(world, login, { env });
      expectThat(
        kept.code === 1 && /^error: [^\n]*login\.json can't be (read|written): [^\n]*\n$/.test(kept.err),
        kept.err,
      );
      const breaking = "JSON.stringify=()=>{throw%20new%20TypeError(%27unforeseen%27)}";
      const broken = { NODE_OPTIONS: `--import=data:text/javascript,${breaking}` };
      const unforeseen = await captures(world, ["list", "--json"], { env: broken });
      expectThat(unforeseen.code === 1 && unforeseen.err === "error: unforeseen\n", unforeseen.err);
      const traced = await captures(world, ["list", "--json"], { env: { ...broken, CAPTURES_DEBUG: "1" } });
      expectThat(traced.code === 1 && /^ +at [\s\S]*^error: unforeseen$/m.test(traced.err), traced.err);
    },
  );
  await check("--version prints the version of the package", async () => {
    const { version } = JSON.parse(
      readFileSync(new URL("../../../src/cli/package.json", import.meta.url), "utf8"),
    ) as { version: string };
    const { code, out } = await captures(world, ["--version"]);
    expectThat(code === 0 && out === `${version}\n`, out);
  });
  await check("a service that can't be reached is a failure, without a stack", async () => {
    const { code, err } = await captures(world, ["--url", "http://127.0.0.1:1", "list"]);
    expectThat(code === 1 && err === "error: The service could not be reached\n", `${code}: ${err}`);
  });
  await check("what a service says can't steer the terminal, in a failure's advice either", async () => {
    const names = [{ id: 1, name: "shop\x1b[2J", instance: "shop-1" }];
    const server = createServer((_, reply) => reply.end(JSON.stringify(names))).listen(0, "127.0.0.1");
    try {
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const env = { CAPTURES_URL: `http://127.0.0.1:${port}` };
      for (const args of [["list", "--env", "other"], ["start"]]) {
        const { err } = await captures(world, args, { env });
        expectThat(err.endsWith("There is shop\\x1b[2J.\n"), JSON.stringify(err));
      }
    } finally {
      server.close();
    }
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
