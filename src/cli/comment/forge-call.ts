import { EXIT, Failure } from "../failure.ts";

/** How a forge's API is reached. */
export interface Caller {
  fetch: (request: Request) => Promise<Response>;
  headers: Readonly<Record<string, string>>;
  /** The forge's name, for messages. */
  name: string;
  /** What a token has to be allowed, for the message where it is refused. */
  permission?: string;
  signal: AbortSignal;
  /** How long to wait before another try, in milliseconds: more tries than pauses by one. */
  pauses?: readonly number[];
}

const PAUSES_MS = [1000, 4000];
const TIMEOUT_MS = 30_000;

/** A reply of a forge that is JSON, and where the next page is; null when there is none. */
export interface ForgeReply {
  status: number;
  body: unknown;
  next: string | null;
}

/**
 * Asks a forge's API. What may be repeated is, when the forge does not answer or can't.
 * @param allowed statuses of refusals that are an answer, too
 * @throws Failure with what the forge says
 */
export async function callForge(
  caller: Caller,
  method: "GET" | "POST" | "PATCH" | "PUT",
  url: string,
  json?: unknown,
  allowed: readonly number[] = [],
): Promise<ForgeReply> {
  const { pauses = PAUSES_MS } = caller;
  for (let tries = 0; ; tries++) {
    const reply = await tryCall(caller, method, url, json);
    const pause = method === "POST" ? undefined : pauses[tries];
    if (reply instanceof Response && !isTransient(reply.status)) return readReply(caller, reply, allowed);
    if (pause === undefined) {
      if (reply instanceof Response) return readReply(caller, reply, allowed);
      throw new Failure(`${caller.name} could not be reached: ${reasonOf(reply)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    caller.signal.throwIfAborted();
  }
}

async function tryCall(
  { fetch, headers, signal }: Caller,
  method: string,
  url: string,
  json: unknown,
): Promise<Response | Error> {
  try {
    return await fetch(
      new Request(url, {
        method,
        headers: {
          ...headers,
          "User-Agent": "captures",
          ...(json !== undefined && { "Content-Type": "application/json" }),
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    return error as Error;
  }
}

const isTransient = (status: number): boolean => status === 429 || status >= 500;

/** GitHub and GitLab answer 404, too, for what a token may not see. */
const isRefused = (status: number): boolean => status === 403 || status === 404;

/** fetch says why in the cause. */
const reasonOf = ({ message, cause }: Error): string => (cause instanceof Error ? cause.message : message);

async function readReply(
  { name, permission }: Caller,
  reply: Response,
  allowed: readonly number[],
): Promise<ForgeReply> {
  const text = await reply.text().catch(() => "");
  const body = parse(text);
  if (!reply.ok && !allowed.includes(reply.status))
    throw new Failure(
      `${name} answered ${reply.status}${messageIn(body)}`,
      EXIT.failed,
      isRefused(reply.status) && permission !== undefined ? `The token needs ${permission}.` : null,
    );
  if (reply.ok && body === undefined) throw new Failure(`${name} answered ${reply.status} with no JSON`);
  const next = /<([^>]+)>; *rel="next"/.exec(reply.headers.get("link") ?? "")?.[1] ?? null;
  return { status: reply.status, body, next };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function messageIn(body: unknown): string {
  if (typeof body !== "object" || body === null || !("message" in body)) return "";
  return `: ${typeof body.message === "string" ? body.message : JSON.stringify(body.message)}`;
}

/**
 * The items of a list, over all of its pages.
 * @throws Failure when a page is none, or leads to another host: the token is not for it
 */
export async function* allPages(caller: Caller, url: string): AsyncGenerator<Record<string, unknown>> {
  const { origin } = new URL(url);
  for (let next: string | null = url; next !== null; ) {
    if (new URL(next).origin !== origin)
      throw new Failure(`${caller.name} leads to another host: ${new URL(next).origin}`);
    const page: ForgeReply = await callForge(caller, "GET", next);
    if (!Array.isArray(page.body)) throw new Failure(`${caller.name} answered with no list`);
    yield* page.body as Record<string, unknown>[];
    next = page.next;
  }
}
