import { spawn } from "node:child_process";
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

/** Runs `captures` as a user would, without a terminal; `env` adds to the key and the address. */
export function captures(
  world: World,
  args: readonly string[],
  {
    env = {},
    input = "",
    cwd = world.folder,
  }: { env?: Record<string, string>; input?: string; cwd?: string } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: {
      ...process.env,
      NO_COLOR: "1",
      CAPTURES_CONFIG_DIR: `${world.folder}/config`,
      CAPTURES_URL: world.address,
      CAPTURES_KEY: world.key,
      ...env,
    },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => {
    out += data;
  });
  child.stderr.on("data", (data) => {
    err += data;
  });
  child.stdin.end(input);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
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
