import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { check, report } from "../../scripts/lib/checks.ts";
import { tryPort } from "../../scripts/lib/ports.ts";
import { startService, stopGroup } from "../../scripts/lib/service.ts";
import { makeKey } from "../cli/running/world.ts";
import { expectThat, run } from "./command.ts";
import { checkPlatforms } from "./platforms.ts";
import { install, installed, pack } from "./project.ts";
import { checkTypes } from "./types.ts";

/*
 * `npm run test:packages`: packs the packages as they would be published, installs them into empty projects, and compiles and runs what
 * somebody would do with them, against `npm run dev` on free ports with data of its own. Closes with `N passed, N failed`.
 */

/** How large an entry of the client may be, bundled and minified, in bytes. */
const MAX_BYTES = 15_000;

const folder = mkdtempSync(join(tmpdir(), "captures-packages-"));
const [port, awsPort] = [await tryPort(0), await tryPort(0)];
const address = `http://localhost:${port}`;
const project = join(folder, "client");
const service = await startService({
  PORT: String(port),
  AWS_PORT: String(awsPort),
  PERSIST_TO: join(folder, "state"),
});
try {
  const key = await makeKey(address);
  await checkClient();
  await checkTypes(project);
  await checkPlatforms(project, folder, address, key);
  await checkCommand(key);
} finally {
  await stopGroup(service, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
report();

/** The client's package, before anything of it runs. */
async function checkClient(): Promise<void> {
  const packed = await pack("src/client", folder);
  await check("the client's package has what it needs, and nothing else", () => {
    const stray = packed.files.filter((file) => !/^dist\/[\w-]+(\.d\.ts|\.js)$/.test(file));
    expectThat(stray.join(" ") === "LICENSE README.md package.json", `It has ${stray.join(", ")}`);
  });
  await install(project, [packed.file], ["--offline"]);
  await check("the client's package brings no other along", () => {
    const all = installed(project);
    expectThat(all.join(" ") === "@captures/client", `There are ${all.join(", ")}`);
  });
  for (const entry of ["@captures/client", "@captures/client/account"]) {
    await check(`${entry} is under ${MAX_BYTES} bytes, minified`, async () => {
      const contents = `export * from ${JSON.stringify(entry)};`;
      const made = await build({
        stdin: { contents, resolveDir: project },
        bundle: true,
        minify: true,
        format: "esm",
        write: false,
      });
      const bytes = made.outputFiles[0]?.contents.length ?? 0;
      console.log(`        ${bytes} bytes`);
      expectThat(bytes > 2000 && bytes < MAX_BYTES, `It has ${bytes} bytes`);
    });
  }
  await check("the declarations need no other file", () => {
    for (const entry of ["index", "account"]) {
      const text = readFileSync(join(project, `node_modules/@captures/client/dist/${entry}.d.ts`), "utf8");
      expectThat(!/\bimport\b|\bfrom "|reference types/.test(text.replace(/\/\*.*?\*\//gs, "")), entry);
    }
  });
}

/** The command line's package: installed with its dependencies from the registry, and asked for what there is. */
async function checkCommand(key: string): Promise<void> {
  const command = join(folder, "cli");
  const packed = await pack("src/cli", folder);
  await check("the command line's package has what it needs, and nothing else", () => {
    const stray = packed.files.filter((file) => !/^dist\/[\w./-]+$/.test(file));
    expectThat(/^LICENSE (README\.md )?package\.json$/.test(stray.join(" ")), `It has ${stray.join(", ")}`);
  });
  await install(command, [packed.file]);
  const captures = (args: string[]) =>
    run(process.execPath, [join(command, "node_modules/@captures/cli/dist/main.js"), ...args], {
      cwd: command,
      env: { CAPTURES_URL: address, CAPTURES_KEY: key, CAPTURES_CONFIG_DIR: join(folder, "config") },
    });
  await check("the installed command says what it can do", async () => {
    expectThat(/Usage: captures/.test(await captures(["--help"])), "It says nothing of its use");
  });
  await check("the installed command asks the service", async () => {
    const listed = JSON.parse(await captures(["list", "--json"])) as object[];
    expectThat(listed.length > 0, "It lists nothing");
  });
}
