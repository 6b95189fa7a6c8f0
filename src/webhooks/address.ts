import { isIP } from "node:net";
import * as z from "zod";
import type { Env } from "../env.ts";
import { lazy } from "../lib/lazy.ts";
import { isPublic } from "./public-addresses.ts";

/*
 * Where a webhook may be sent: to https, and to public addresses only, so that nobody reaches by it what only this service reaches. A
 * name is resolved before each attempt, by DNS over HTTPS, and all of its addresses have to be public. What is left: fetch resolves the
 * name once more, and a name server may answer differently then (DNS rebinding). It gains little: a Worker's requests leave from
 * Cloudflare's network, which routes no private addresses, and has no network of the operator's behind it.
 */

/** The most characters of an address. */
const MAX_ADDRESS = 2000;
/** How long the resolver may take. */
const RESOLVE_TIMEOUT_MS = 5000;
/** The most bytes of its answer that are read. */
const MAX_ANSWER_BYTES = 65_536;
const SLACK_HOST = "hooks.slack.com";
/** Names that are never on the public Internet (RFC 6761, 6762, 7686, 8375, 9476, and ICANN's `internal`). */
const SPECIAL_NAME =
  /(^|\.)(localhost|local|internal|intranet|lan|home|corp|test|invalid|example|onion|alt|arpa)\.?$/;

/** Whether this service may send to its own machine: in `npm run dev` only, so that a receiver can be tried there. */
const isLoopbackAllowed = (env: Pick<Env, "WEBHOOK_LOOPBACK">): boolean => env.WEBHOOK_LOOPBACK === "true";

/** The host without the brackets of IPv6. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "");

const NOT_PUBLIC = "It leads to an address that is not public";

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";

/**
 * Why an address can't be a webhook's, as far as it says itself; null when it can.
 * @param kind of a webhook: Slack's are Slack's
 */
export function addressProblem(
  env: Pick<Env, "WEBHOOK_LOOPBACK">,
  kind: "standard" | "slack",
  address: string,
): string | null {
  if (address.length > MAX_ADDRESS) return `must be at most ${MAX_ADDRESS} characters long`;
  const url = URL.parse(address);
  if (url === null) return "must be an address such as https://example.com/captures";
  if (url.username !== "" || url.password !== "") return "must have no user name or password in it";
  if (isLoopback(url) && isLoopbackAllowed(env)) return null;
  if (url.protocol !== "https:") return "must begin with https://";
  if (url.port !== "" && Number(url.port) < 1024) return "must have no other port below 1024 than 443";
  if (kind === "slack" && url.host !== SLACK_HOST) return `must begin with https://${SLACK_HOST}/`;
  const host = hostOf(url);
  const isOpen = isIP(host) === 0 ? host.includes(".") && !SPECIAL_NAME.test(host) : isPublic(host);
  return isOpen ? null : "must be on the public Internet";
}

/** What of an answer of DNS over HTTPS in JSON is read: the status of RFC 1035, and the records. */
const answerSchema = lazy(() =>
  z.object({
    Status: z.number(),
    Answer: z.array(z.object({ type: z.number(), data: z.string() })).default([]),
  }),
);

/** The types of records with an address. */
const ADDRESS_TYPES = { A: 1, AAAA: 28 } as const;
const CNAME = 5;

/**
 * Why nothing may be sent to an address just now, by where its name leads; null when it may.
 * @throws Error when the resolver can't be asked, or its answer not be read
 */
export async function reachProblem(
  env: Pick<Env, "WEBHOOK_LOOPBACK" | "WEBHOOK_RESOLVER">,
  url: URL,
): Promise<string | null> {
  if (isLoopback(url) && isLoopbackAllowed(env)) return null;
  const host = hostOf(url);
  if (isIP(host) !== 0) return isPublic(host) ? null : NOT_PUBLIC;
  const answers = await Promise.all(
    (["A", "AAAA"] as const).map((type) => resolve(env.WEBHOOK_RESOLVER, host, type)),
  );
  const found = answers.flat();
  if (found.length === 0) return "Its name has no address";
  return found.every((isOpen) => isOpen) ? null : NOT_PUBLIC;
}

/** Whether each address of a name is public; besides false for each alias whose target can't be. */
async function resolve(resolver: string, name: string, type: keyof typeof ADDRESS_TYPES): Promise<boolean[]> {
  const reply = await fetch(`${resolver}?${new URLSearchParams({ name, type })}`, {
    headers: { Accept: "application/dns-json" },
    redirect: "manual",
    signal: AbortSignal.timeout(RESOLVE_TIMEOUT_MS),
  });
  if (reply.status !== 200) throw new Error(`The resolver answered ${reply.status}`);
  const answer = answerSchema().parse(JSON.parse(await readSome(reply, MAX_ANSWER_BYTES)));
  const aliases = answer.Answer.filter((record) => record.type === CNAME && SPECIAL_NAME.test(record.data));
  return [
    ...aliases.map(() => false),
    ...answer.Answer.filter((record) => record.type === ADDRESS_TYPES[type]).map(({ data }) =>
      isPublic(data),
    ),
  ];
}

/** The beginning of a body, as text; the rest is not waited for. */
export async function readSome(reply: Response, maxBytes: number): Promise<string> {
  if (reply.body === null) return "";
  const reader = reply.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (let left = maxBytes; left > 0; ) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
  return text;
}
