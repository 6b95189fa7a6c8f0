import { type Client, createClient } from "../client/index.ts";
import { EXIT, Failure } from "./failure.ts";
import { readKey } from "./key.ts";
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
  /** The same of several signals. */
  takeSignals(signals: readonly NodeJS.Signals[], handler: (signal: NodeJS.Signals) => void): () => void;
}

/** Options that every command knows. */
export interface GlobalOptions {
  /** JSON on standard output instead of text for people. */
  json?: boolean;
  /** The service's address; else CAPTURES_URL, else where `captures login` was to. */
  url?: string;
  /** Nothing but results and failures. */
  quiet?: boolean;
}

/** The service to talk to, where it is, and what ends a call. */
export interface Service {
  client: Client;
  /** Its origin, such as `https://captures.example.com`. */
  baseUrl: string;
  signal: AbortSignal;
}

/**
 * The service to talk to, with a key.
 * @throws Failure when there is no address or no key
 */
export function serviceOf(cli: Cli): Service {
  const { baseUrl, apiKey } = addressOf(cli);
  if (apiKey === null)
    throw new Failure(
      `Not signed in to ${baseUrl}`,
      EXIT.signedOut,
      "Run captures login, or set CAPTURES_KEY.",
    );
  return { client: createClient({ baseUrl, apiKey }), baseUrl, signal: cli.signal };
}

/** Where the key comes from. */
export type KeySource = "CAPTURES_KEY" | "login";

/** A service's origin, and the key for it; null when there is none. */
export interface Address {
  baseUrl: string;
  apiKey: string | null;
  source: KeySource | null;
}

/**
 * Which service, and with which key: what `--url` says, or the environment's variables, or what was stored. A stored key is for its
 * own address only.
 * @throws Failure when there is no address, or it is none, and for a key that can be none
 */
export function addressOf(cli: Cli): Address {
  const stored = readLogin(cli.env);
  const text = cli.global.url || cli.env.CAPTURES_URL || stored?.url;
  if (text === undefined)
    throw new Failure("Which service?", EXIT.signedOut, "Run captures login URL, or set CAPTURES_URL.");
  const baseUrl = originOf(text);
  const { CAPTURES_KEY: given = "" } = cli.env;
  if (given.trim() !== "")
    return {
      baseUrl,
      apiKey: readKey(given, "What CAPTURES_KEY has", EXIT.signedOut),
      source: "CAPTURES_KEY",
    };
  return stored?.url === baseUrl
    ? { baseUrl, apiKey: stored.key, source: "login" }
    : { baseUrl, apiKey: null, source: null };
}

/**
 * The origin of a service's address.
 * @throws Failure for what is no address of HTTP
 */
export function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Failure(`${text} is no address, such as https://captures.example.com`, EXIT.usage);
  return url.origin;
}
