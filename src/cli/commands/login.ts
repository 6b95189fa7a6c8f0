import { hostname } from "node:os";
import { type Command, Option } from "commander";
import open from "open";
import { CapturesError, createClient, deviceLogin } from "../../client/index.ts";
import { KEY_SCOPES, type KeyScope } from "../../db/key-scopes.ts";
import { type Cli, originOf } from "../cli.ts";
import { EXIT, Failure } from "../failure.ts";
import { readKey } from "../key.ts";
import { type Login, readLogin, writeLogin } from "../settings.ts";
import { askSecret, askText, readLine } from "../terminal/ask.ts";
import { colorsFor } from "../terminal/colors.ts";
import { formatDuration, formatTime } from "../terminal/format.ts";
import { print, printJson, say } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";

interface LoginOptions {
  key?: string | true;
  browser: boolean;
  scope?: KeyScope;
}

/** The longest name that the service takes of a program. */
const MAX_NAME = 100;

/** `captures login`: gets a key and keeps it. */
export function addLogin(program: Command, cli: Cli): void {
  program
    .command("login")
    .description("Sign in: by a code that you approve in the browser, or with an API key.")
    .argument(
      "[address]",
      "the service's, such as https://captures.example.com; else CAPTURES_URL, or the last one",
    )
    .option("--key [key]", "an API key: asked for, or read from standard input, unless it is given")
    .addOption(
      new Option(
        "--scope <scope>",
        "what to be allowed: to read, or also to change; else what you choose when you approve",
      ).choices(KEY_SCOPES),
    )
    .option("--no-browser", "do not open the browser, only say where to go")
    .addHelpText(
      "after",
      `
The key is kept in login.json in your folder of settings, readable by you alone; CAPTURES_CONFIG_DIR names another folder. The
variable CAPTURES_KEY goes before it: CI needs no login. A key on the command line can be seen by others of the machine: leave its
value out, and it is asked for.
With --json it prints {url, user, expiresAt, scope, file}.

Examples:
  captures login https://captures.example.com
  captures login https://captures.example.com --scope read
  captures login https://captures.example.com --key < key.txt`,
    )
    .action(async (address: string | undefined, options: LoginOptions) => {
      if (options.key !== undefined && options.scope !== undefined)
        throw new Failure("--scope is of a login by the browser: a key has its scope already", EXIT.usage);
      const url = originOf(address ?? (await lastAddress(cli)));
      if (!isPrivate(url)) say(cli, `${url} is not encrypted: whoever listens can read the key.`);
      const login =
        options.key === undefined ? await byDevice(cli, url, options) : await byKey(cli, url, options.key);
      const file = writeLogin(cli.env, login);
      const { user, expiresAt, scope } = login;
      if (cli.global.json) return printJson(cli, { url, user, expiresAt, scope, file });
      const who = user === null ? "" : ` as ${clean(user.name)} (${clean(user.email)})`;
      const until = expiresAt === null ? "" : ` until ${formatTime(expiresAt)}`;
      const only = scope === "read" ? ", only to read" : "";
      print(cli, `Signed in to ${url}${who}${until}${only}`);
      if (cli.env.CAPTURES_KEY) say(cli, "CAPTURES_KEY is set, and goes before this key.");
    });
}

/** The service that was said before, or that somebody types. */
async function lastAddress(cli: Cli): Promise<string> {
  const known = cli.global.url || cli.env.CAPTURES_URL || readLogin(cli.env)?.url;
  if (known) return known;
  if (!cli.isInteractive)
    throw new Failure("Which service?", EXIT.usage, "captures login https://captures.example.com");
  return askText(cli, "The service's address", {
    validate: (text) => (URL.canParse(text) ? undefined : "Such as https://captures.example.com"),
  });
}

/** Whether nobody on the way can read what is sent. */
function isPrivate(url: string): boolean {
  const { protocol, hostname: host } = new URL(url);
  return protocol === "https:" || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
}

/** Signs in by the browser (RFC 8628). */
async function byDevice(cli: Cli, baseUrl: string, { browser, scope: asked }: LoginOptions): Promise<Login> {
  const { bold, cyan } = colorsFor(cli, cli.err);
  const client = `captures on ${hostname()}`.slice(0, MAX_NAME);
  try {
    const { key, expiresAt, scope, user } = await deviceLogin(
      { baseUrl },
      {
        client,
        scope: asked,
        signal: cli.signal,
        onCode: ({ userCode, verificationUriComplete, expiresAt }) => {
          // The address is the service's word: what is not its own is not opened.
          const address = originOf(verificationUriComplete) === baseUrl ? verificationUriComplete : baseUrl;
          cli.err.write(`Approve the code ${bold(clean(userCode))} at ${cyan(clean(address))}\n`);
          say(cli, `It is valid for ${formatDuration(expiresAt.getTime() - Date.now())}. Waiting...`);
          if (browser && cli.isInteractive) openPage(address);
        },
      },
    );
    const { name, email } = user;
    return { url: baseUrl, key, user: { name, email }, expiresAt: expiresAt.toISOString(), scope };
  } catch (error) {
    throw refusalOf(error) ?? error;
  }
}

/** Opens the browser, where there is one: the address is shown in any case. */
function openPage(address: string): void {
  open(address).then(
    (opener) => void opener.on("error", () => {}),
    () => {},
  );
}

/** What is said of a login that came to nothing; null for another failure. */
function refusalOf(error: unknown): Failure | null {
  if (!(error instanceof CapturesError)) return null;
  switch (error.reason) {
    case "access_denied":
      return new Failure("The login was denied", EXIT.signedOut);
    case "expired_token":
      return new Failure("Nobody approved the code in time", EXIT.signedOut, "Run captures login again.");
    default:
      return null;
  }
}

/** Signs in with a key, once the service has taken it. */
async function byKey(cli: Cli, url: string, given: string | true): Promise<Login> {
  const text =
    given !== true ? given : cli.isInteractive ? await askSecret(cli, "API key") : await readLine("key");
  const key = readKey(text, "That");
  const { environments } = createClient({ baseUrl: url, apiKey: key });
  await environments.list({ signal: cli.signal }).catch((error) => {
    if (!(error instanceof CapturesError && error.status === 401)) throw error;
    throw new Failure(`${url} does not know this key`, EXIT.signedOut);
  });
  return { url, key, user: null, expiresAt: null, scope: null };
}
