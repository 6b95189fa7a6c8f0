import { type ChildProcess, spawn } from "node:child_process";
import { DEMO } from "../../../scripts/lib/local.ts";
import { withSession } from "../../../scripts/lib/session.ts";
import { createAccountClient } from "../../../src/client/account.ts";

/** The running service, and whose key the commands have. */
export interface World {
  address: string;
  awsAddress: string;
  /** A folder for this suite's files; `config` in it holds the key. */
  folder: string;
  key: string;
}

/** How a command ended, and what it printed. */
export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

const MAIN = new URL("../../../src/cli/main.ts", import.meta.url).pathname;

/** What runs `captures` as a user would; `env` adds to the key and the address. */
export function commandLine(world: World, env: Record<string, string> = {}, cwd = world.folder) {
  return {
    program: process.execPath,
    before: [MAIN],
    options: {
      cwd,
      env: {
        ...process.env,
        NO_COLOR: "1",
        CAPTURES_CONFIG_DIR: `${world.folder}/config`,
        CAPTURES_URL: world.address,
        CAPTURES_KEY: world.key,
        ...env,
      },
    },
  };
}

/** Runs `captures` without a terminal; `onStart` is given its process. */
export function captures(
  world: World,
  args: readonly string[],
  {
    env = {},
    input = "",
    cwd = world.folder,
    onStart = () => {},
  }: {
    env?: Record<string, string>;
    input?: string;
    cwd?: string;
    onStart?: (child: ChildProcess) => void;
  } = {},
): Promise<Ran> {
  const { program, before, options } = commandLine(world, env, cwd);
  const child = spawn(program, [...before, ...args], options);
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => {
    out += data;
  });
  child.stderr.on("data", (data) => {
    err += data;
  });
  // One that does not read its input may have ended before.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  onStart(child);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

/** The JSON of a command that has to succeed. */
export async function json<T>(world: World, args: readonly string[]): Promise<T> {
  const { code, out, err } = await captures(world, [...args, "--json"]);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${err}`);
  return JSON.parse(out) as T;
}

/** Waits until something holds. @throws Error when that takes too long */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`It did not come to this: ${what}`);
}

/** Makes an API key of the demo account. */
export async function makeKey(address: string): Promise<string> {
  const account = createAccountClient({ baseUrl: address, fetch: withSession() });
  await account.signIn({ email: DEMO.email, password: DEMO.password });
  return (await account.createKey({ name: "test" })).key;
}

/** Throws when something is not as it has to be. */
export function expectThat(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
