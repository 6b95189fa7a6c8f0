import { type Client, createClient } from "../client/index.ts";
import { EXIT, Failure } from "./failure.ts";
import { readLogin } from "./settings.ts";

/** What every command has: the service, the streams, and what of the terminal and its user it has to know. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results go here, and nothing else: it may be a file or a pipe. */
  readonly out: NodeJS.WriteStream;
  /** Progress, questions and failures go here. */
  readonly err: NodeJS.WriteStream;
  /** Whether somebody can be asked, and sees progress: standard input and standard error are a terminal, and it is no CI. */
  readonly isInteractive: boolean;
  /** Aborted by Ctrl-C, unless a command takes that on itself (`takeInterrupt`). */
  readonly signal: AbortSignal;
  /** Options before or behind any command. */
  readonly global: GlobalOptions;
  /** Has Ctrl-C call this instead of aborting `signal`, until the function it gives back is called. */
  takeInterrupt(handler: () => void): () => void;
}

/** Options that every command knows. */
export interface GlobalOptions {
  /** JSON on standard output instead of text for people. */
  json?: boolean;
  /** The service's address; else CAPTURES_URL, else where `captures login` was to. */
  url?: string;
  /** An API key; else CAPTURES_KEY, else what `captures login` has stored. */
  key?: string;
}

/**
 * The service to talk to, with a key.
 * @throws Failure when there is no address or no key
 */
export function clientOf(cli: Cli): Client {
  const { baseUrl, apiKey } = addressOf(cli);
  if (apiKey === null)
    throw new Failure(
      `Not signed in to ${baseUrl}`,
      EXIT.signedOut,
      "Run captures login, or set CAPTURES_KEY.",
    );
  return createClient({ baseUrl, apiKey });
}

/**
 * Which service, and with which key: what the options say, or the environment's variables, or what was stored. A stored key is
 * for its own address only.
 * @throws Failure when there is no address, or it is none
 */
export function addressOf(cli: Cli): { baseUrl: string; apiKey: string | null } {
  const stored = readLogin(cli.env);
  const text = cli.global.url ?? cli.env.CAPTURES_URL ?? stored?.url;
  if (text === undefined)
    throw new Failure("Which service?", EXIT.signedOut, "Run captures login URL, or set CAPTURES_URL.");
  if (!URL.canParse(text)) throw new Failure(`${text} is no address`, EXIT.usage);
  const baseUrl = new URL(text).origin;
  const apiKey = cli.global.key ?? cli.env.CAPTURES_KEY ?? (stored?.url === baseUrl ? stored.key : null);
  return { baseUrl, apiKey: apiKey || null };
}
