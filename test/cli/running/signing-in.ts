import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "../../../scripts/lib/checks.ts";
import { DEMO } from "../../../scripts/lib/local.ts";
import { withSession } from "../../../scripts/lib/session.ts";
import { createAccountClient } from "../../../src/client/account.ts";
import { createDeviceApproval } from "../../../src/client/device.ts";
import { inTerminal, KEYS } from "./terminal.ts";
import { captures, expectThat, type Ran, type World } from "./world.ts";

const NO_KEY = { CAPTURES_KEY: "" };
const CODE = /Approve the code (\S+) at (\S+)/;

/** `captures login`, `logout` and `whoami`. */
export async function checkSigningIn(world: World): Promise<void> {
  const file = join(world.folder, "config", "login.json");
  const run = (...args: string[]) => captures(world, args, { env: NO_KEY });
  await check("login --key reads the key from standard input, and keeps it for its owner alone", async () => {
    const { code, out, err } = await captures(world, ["login", world.address, "--key"], {
      env: NO_KEY,
      input: `${world.key}\n`,
    });
    expectThat(code === 0 && out === `Signed in to ${world.address}\n` && err === "", out + err);
    expectThat((statSync(file).mode & 0o777) === 0o600, (statSync(file).mode & 0o777).toString(8));
    expectThat((statSync(join(file, "..")).mode & 0o777) === 0o700, "The folder can be read by others");
  });
  await check("a kept key is used, and whoami shows where and which, but not all of it", async () => {
    expectThat((await run("list")).code === 0, "list");
    const { code, out } = await run("whoami");
    expectThat(code === 0 && out.includes(`Service\t${world.address}\n`), out);
    expectThat(out.includes(`${world.key.slice(0, 13)}... (of captures login)`), out);
    expectThat(!out.includes(world.key), "The key is shown");
    const { out: json } = await run("whoami", "--json");
    const { source, environments } = JSON.parse(json) as { source: string; environments: object[] };
    expectThat(source === "login" && environments.length > 1, json);
  });
  await check("a kept key is not sent to another address", async () => {
    const { code, err } = await captures(world, ["list", "--url", "http://127.0.0.1:1"], { env: NO_KEY });
    expectThat(code === 4 && /Not signed in to http:\/\/127\.0\.0\.1:1/.test(err), err);
  });
  await check("a key that the service does not know is not kept", async () => {
    const { code, err } = await run("login", world.address, "--key", "captures_wrong");
    expectThat(code === 4 && /does not know this key/.test(err), err);
    expectThat(readFileSync(file, "utf8").includes(world.key), "The key that was kept is gone");
  });
  await check("login --key in a terminal asks for the key, and does not show it", async () => {
    const terminal = inTerminal(world, ["login", world.address, "--key"], { env: NO_KEY });
    await terminal.shows(/API key/);
    terminal.type(world.key + KEYS.enter);
    const { code, out } = await terminal.ended;
    expectThat(code === 0 && !out.includes(world.key), out);
  });
  await check("logout forgets the key, and a second one says that there is none", async () => {
    const { code, out } = await run("logout");
    expectThat(code === 0 && /stays valid until it is deleted/.test(out), out);
    expectThat((await run("whoami")).code === 4, "It is still signed in");
    expectThat(/no key here/.test((await run("logout")).out), "A second logout");
  });
  await check("a file that is not ours is not overwritten silently, but logout removes it", async () => {
    writeFileSync(file, '{"version": 99}');
    const { code, err } = await run("list");
    expectThat(code === 1 && /not readable by this version\ncaptures logout removes it/.test(err), err);
    await run("logout");
    expectThat((await run("list")).code === 4, "It is still there");
  });
  await checkDevice(world, run);
}

async function checkDevice(world: World, run: (...args: string[]) => Promise<Ran>): Promise<void> {
  const options = { baseUrl: world.address, fetch: withSession() };
  await createAccountClient(options).signIn({ email: DEMO.email, password: DEMO.password });
  const device = createDeviceApproval(options);
  /** Logs in, and does something with the code that is shown. */
  const login = (decide: (code: string) => Promise<object>, ...more: string[]) =>
    captures(world, ["login", world.address, ...more], {
      env: NO_KEY,
      onStart: (child) => {
        let said = "";
        child.stderr?.on("data", async (data) => {
          const before = CODE.test(said);
          said += data;
          const code = CODE.exec(said)?.[1];
          if (code !== undefined && !before) await decide(code);
        });
      },
    });
  await check(
    "login shows a code and where to approve it, and is signed in once it is approved",
    async () => {
      const { code, out, err } = await login((userCode) => device.approve(userCode));
      expectThat(CODE.exec(err)?.[2]?.startsWith(world.address) === true, err);
      const { name, email } = DEMO;
      expectThat(
        code === 0 && out.startsWith(`Signed in to ${world.address} as ${name} (${email}) until `),
        out,
      );
      const { out: who } = await run("whoami");
      expectThat(who.includes(`User\t${name} (${email})\n`) && /^Valid until\t/m.test(who), who);
      expectThat((await run("list")).code === 0, "list");
    },
  );
  await check("login --json prints who is signed in, and where the key is", async () => {
    const { out } = await login((userCode) => device.approve(userCode), "--json");
    const { url, user, file } = JSON.parse(out) as { url: string; user: { email: string }; file: string };
    expectThat(url === world.address && user.email === DEMO.email && file.endsWith("login.json"), out);
    expectThat(!out.includes("captures_"), "The key is shown");
  });
  await check("login --scope read asks for a key that may only read, which is said of a change", async () => {
    const { code, out } = await login((userCode) => device.approve(userCode), "--scope", "read");
    expectThat(code === 0 && / until .*, only to read\n$/.test(out), out);
    const { out: who } = await run("whoami");
    expectThat(/^May\tonly read$/m.test(who), who);
    expectThat((await run("list")).code === 0, "list");
    const { code: refused, err } = await run("start", "--env", "demo", "--name", "denied", "--for", "60s");
    expectThat(refused !== 0 && /This API key may only read/.test(err), err);
  });
  await check("a login that is denied ends with 4, and keeps nothing", async () => {
    await run("logout");
    const { code, err } = await login((userCode) => device.deny(userCode));
    expectThat(code === 4 && /The login was denied/.test(err), err);
    expectThat((await run("whoami")).code === 4, "Something was kept");
  });
  await check("Ctrl-C ends a login that waits", async () => {
    const terminal = inTerminal(world, ["login", world.address, "--no-browser"], { env: NO_KEY });
    await terminal.shows(CODE);
    terminal.type(KEYS.ctrlC);
    expectThat((await terminal.ended).code === 130, "It ended with another code");
  });
}
