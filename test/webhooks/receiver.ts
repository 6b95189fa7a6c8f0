import { Webhook as Verifier } from "standardwebhooks";
import { onTestFinished, vi } from "vitest";

/*
 * A receiver of webhooks on the Internet, and the DNS in front of it: what the Worker fetches from their hosts is answered here, and
 * everything else goes where it went.
 */

/** What a receiver got. */
export interface Received {
  url: string;
  headers: Headers;
  body: string;
}

/** An answer, or how the attempt ends without one. */
type Answer = { status: number; headers?: Record<string, string>; body?: string } | Error;

/** A receiver and its DNS. */
export interface Receiver {
  /** All that it got, in order. */
  received: Received[];
  /** What names lead to; one that is absent leads to a public address. */
  dns: Record<string, { A?: string[]; AAAA?: string[]; CNAME?: string } | Error>;
  /** What it answers next; 204 once there is nothing left. */
  answers: Answer[];
  /** What is fetched from it, parsed and verified by the library of Standard Webhooks. */
  verified(secret: string): { id: string; type: string; data: Record<string, unknown> }[];
}

const RESOLVER = "cloudflare-dns.com";
const PUBLIC = { A: ["93.184.215.14"] };

/** Starts a receiver at these hosts, until the test ends. */
export function startReceiver(...hosts: string[]): Receiver {
  const real = globalThis.fetch;
  const receiver: Receiver = {
    received: [],
    dns: {},
    answers: [],
    verified: (secret) =>
      receiver.received.map(({ headers, body }) => {
        new Verifier(secret).verify(body, Object.fromEntries(headers));
        return { id: headers.get("webhook-id") ?? "", ...JSON.parse(body) };
      }),
  };
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    if (url.hostname === RESOLVER) return answerDns(receiver, url);
    if (!hosts.includes(url.hostname)) return real(input, init);
    const request = new Request(input, init);
    receiver.received.push({ url: request.url, headers: request.headers, body: await request.text() });
    const answer = receiver.answers.shift() ?? { status: 204 };
    if (answer instanceof Error) throw answer;
    // Made here: a response can be read only by the request that it was made for.
    const { body = null, ...rest } = answer;
    return new Response(body, rest);
  });
  onTestFinished(() => spy.mockRestore());
  return receiver;
}

/** Answers as DNS over HTTPS in JSON does. */
function answerDns({ dns }: Receiver, { searchParams }: URL): Response {
  const [name = "", type = ""] = [searchParams.get("name") ?? "", searchParams.get("type") ?? ""];
  const zone = dns[name] ?? PUBLIC;
  if (zone instanceof Error) throw zone;
  const found = { A: [], AAAA: [], ...zone }[type as "A" | "AAAA"];
  const alias = zone instanceof Error ? undefined : (zone as { CNAME?: string }).CNAME;
  const Answer = [
    ...(alias === undefined ? [] : [{ name, type: 5, TTL: 60, data: alias }]),
    ...found.map((data) => ({ name, type: type === "A" ? 1 : 28, TTL: 60, data })),
  ];
  return Response.json(
    { Status: Answer.length > 0 ? 0 : 3, Answer },
    { headers: { "content-type": "application/dns-json" } },
  );
}
