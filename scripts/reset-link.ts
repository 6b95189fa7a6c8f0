import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import { makeResetLink, resetLinkOptions, USAGE } from "./lib/reset-link.ts";
import { persistTo } from "./lib/state.ts";
import { quiet } from "./lib/wrangler.ts";

/*
 * `npm run reset-link -- EMAIL`: a link by which somebody who is locked out sets a new password, for a service that sends no mail, or
 * whose mail does not arrive. It is printed once, and good for an hour. With `--remote`, of production.
 */

function end(problem: string): never {
  console.error(problem);
  process.exit(1);
}

function given() {
  const options = { remote: { type: "boolean" }, url: { type: "string" } } as const;
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return end(`${(error as Error).message}\n${USAGE}`);
  }
}

function givenOptions() {
  try {
    return resetLinkOptions(given(), process.env.PORT);
  } catch (error) {
    return end((error as Error).message);
  }
}

const options = givenOptions();
const { link, sql } = await makeResetLink(options, Date.now());
const place = options.remote ? ["--remote", "--env", "production"] : ["--local", "--persist-to", persistTo];
const { stdout } = await promisify(execFile)(
  "wrangler",
  ["d1", "execute", "DB", ...place, "--json", "--command", sql],
  { env: quiet },
).catch((error: { stderr?: string; stdout?: string }) =>
  end(`The database could not be asked: ${error.stderr || error.stdout || error}`),
);
const [answer] = JSON.parse(stdout) as { results: { email: string }[] }[];
if (answer?.results.length !== 1) end(`There is no account with the address ${options.email}`);

console.log(`
${link}

Whoever opens it within an hour sets a new password for ${options.email}, once, and is taken for the owner of that address.
Give it to that person only, in a way that nobody else reads.
`);
