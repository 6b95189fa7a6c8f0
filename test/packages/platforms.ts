import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { check, show } from "../../scripts/lib/checks.ts";
import { DEMO } from "../../scripts/lib/local.ts";
import { launch } from "../browser/launch.ts";
import { expectThat, run } from "./command.ts";
import type { Found, Told } from "./program.ts";
import { install } from "./project.ts";

/* The same program on all platforms, against the running service. */

const { platform, arch } = process;
/** The processor as Deno's and Bun's packages name it, where that differs. */
const isArm = arch === "arm64";

/** Programs that run JavaScript, each a package of npm without an installation script: its binary. */
const RUNTIMES = {
  "Node.js 20": { name: `node-${platform}-${arch}`, version: "20.20.2", binary: "bin/node" },
  "Node.js 26": { name: `node-${platform}-${arch}`, version: "26.10.0", binary: "bin/node" },
  Deno: {
    name: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`,
    version: "2.9.6",
    binary: "deno",
  },
  Bun: { name: `@oven/bun-${platform}-${isArm ? "aarch64" : arch}`, version: "1.4.5", binary: "bin/bun" },
};

/** What the program has to find, wherever it runs. */
function expectFound(found: Found, bySocket: boolean | null): void {
  const [counted, ...read] = found.records;
  expectThat(counted > 0 && read.every((count) => count === counted), `Records: ${found.records}`);
  expectThat(found.bytes > counted, `The log as text has ${found.bytes} bytes`);
  const watched = found.watched.join(" ");
  expectThat(/^RUNNING (STOPPING )?DONE$/.test(watched), `Watched: ${watched}`);
  expectThat(found.refused === 404, `Refused with ${found.refused}`);
  expectThat(show(found.users) === show([DEMO.email, null]), `Signed in: ${show(found.users)}`);
  expectThat(
    Object.values(found.counts).every((count) => count > 0),
    show(found.counts),
  );
  if (bySocket !== null)
    expectThat((found.messages ?? 0) > 0 === bySocket, `By WebSocket came ${found.messages} messages`);
}

/** Checks the package that is installed in a project, on all platforms. */
export async function checkPlatforms(project: string, folder: string, address: string, key: string) {
  const told = (name: string): Told => ({
    address,
    key,
    name: `by ${name}`,
    email: DEMO.email,
    password: DEMO.password,
  });
  const runner = `import { use } from "./program.ts";
console.log(JSON.stringify(await use(JSON.parse(process.argv[2]))));`;
  writeFileSync(join(project, "run.ts"), runner);
  // Node.js 20 does not read TypeScript: only the program is made JavaScript, and the package stays as it is.
  const node = join(project, "run.mjs");
  await build({
    entryPoints: [join(project, "run.ts")],
    outfile: node,
    bundle: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20",
  });
  const tools = join(folder, "tools");
  const aliases = Object.entries(RUNTIMES).map(
    ([title, { name, version }]) => `${aliasOf(title)}@npm:${name}@${version}`,
  );
  await install(tools, aliases);
  for (const [title, { binary }] of Object.entries(RUNTIMES)) {
    await check(`the package runs under ${title}`, async () => {
      const command = join(tools, "node_modules", aliasOf(title), binary);
      const args = title === "Deno" ? ["run", "--allow-net"] : [];
      // Deno has process.argv too.
      const output = await run(command, [...args, node, JSON.stringify(told(title))], { cwd: project });
      expectFound(JSON.parse(output), title !== "Node.js 20");
    });
  }
  await check(`the package runs under the project's Node.js ${process.version}`, async () => {
    const output = await run(process.execPath, [node, JSON.stringify(told("the project's"))], {
      cwd: project,
    });
    expectFound(JSON.parse(output), true);
  });
  const bundled = await bundle(project);
  await check("the package runs in a Worker", async () => {
    expectFound(await inWorker(bundled, told("a Worker")), null);
  });
  await checkBrowser(bundled, told("a browser"));
}

const aliasOf = (title: string) => title.toLowerCase().replace(/\W/g, "");

/** The program with the installed package in one module. */
async function bundle(project: string): Promise<string> {
  const made = await build({
    entryPoints: [join(project, "program.ts")],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return made.outputFiles[0]?.text as string;
}

async function inWorker(program: string, told: Told): Promise<Found> {
  const script = `${program}
export default { fetch: async (request) => Response.json(await use(await request.json())) };`;
  const worker = script.replace(/export\s*\{\s*(\w+) as use\s*\};?/, "const use = $1;");
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({ modules: true, script: worker, compatibilityDate: "2026-10-20" }),
  );
  try {
    const reply = await miniflare.dispatchFetch("http://worker/", {
      method: "POST",
      body: JSON.stringify(told),
    });
    const text = await reply.text();
    expectThat(reply.ok, text);
    return JSON.parse(text) as Found;
  } finally {
    await miniflare.dispose();
  }
}

/** With the cookie a browser opens WebSockets; with a key it can't, and asks instead. */
async function checkBrowser(program: string, told: Told): Promise<void> {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.route("**/package-program.js", (route) =>
      route.fulfill({ contentType: "text/javascript", body: program }),
    );
    await page.goto(told.address);
    const inPage = (settings: Told) =>
      page.evaluate(async (settings) => {
        const { use } = await import(`${location.origin}/package-program.js`);
        return use(settings) as Promise<Found>;
      }, settings);
    await check("the package runs in a browser, with a key", async () => {
      expectFound(await inPage(told), false);
    });
    await check("the package runs in a browser, with the cookie", async () => {
      const { email, password } = told;
      await page.evaluate(
        (body) =>
          fetch("/api/auth/sign-in/email", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body,
          }),
        JSON.stringify({ email, password }),
      );
      const { key: _, ...withoutKey } = told;
      expectFound(await inPage({ ...withoutKey, name: "by a browser's cookie" }), true);
    });
  } finally {
    await browser.close();
  }
}
