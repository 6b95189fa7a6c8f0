import { exports } from "cloudflare:workers";
import { CapturesError, type ClientOptions, createClient } from "@captures/client";
import { expect } from "vitest";
import { checkUnread, operationOf, operations } from "../support/contract.ts";

const baseUrl = "http://captures.test";

/** The requests that reached the Worker, in their order. */
export const sent: Request[] = [];

/**
 * Fails unless the requests that reached the Worker have asked for all operations of some paths, and for no others of them.
 * @param isWanted whether a path of the description is one of these
 */
export function expectAllSent(isWanted: (path: string) => boolean): void {
  const ofPaths = (all: string[]) =>
    all.filter((operation) => isWanted(operation.slice(operation.indexOf("/")))).sort();
  const described = operations.map(({ method, path }) => `${method} ${path}`);
  expect(ofPaths([...new Set(sent.map(operationOf))])).toEqual(ofPaths(described));
}

/** The Worker, whose replies are held against the API's description. */
export async function worker(request: Request): Promise<Response> {
  sent.push(request);
  const reply = await exports.default.fetch(request);
  await checkUnread(request, reply);
  return reply;
}

/** A client of the Worker, with somebody's key. */
export const clientOf = (apiKey: string | undefined, options: Partial<ClientOptions> = {}) =>
  createClient({ baseUrl, apiKey, fetch: worker, ...options });

/** A server that answers with these, one after the other and the last again and again, and what it was sent. */
export function answering(...replies: (Response | Error)[]) {
  const requests: Request[] = [];
  const send = async (request: Request) => {
    requests.push(request);
    const reply = replies[Math.min(requests.length, replies.length) - 1] as Response | Error;
    if (reply instanceof Error) throw reply;
    return reply.clone();
  };
  return {
    requests,
    client: (options: Partial<ClientOptions> = {}) => clientOf("captures_a-key", { fetch: send, ...options }),
  };
}

/** A refusal as the API has them. */
export const refusal = (status: number, headers: Record<string, string> = {}) =>
  Response.json(
    { code: status, message: `refused with ${status}` },
    { status, headers: { "x-request-id": "r-1", ...headers } },
  );

/** The error that a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<CapturesError> {
  const error = await call.then(
    () => new Error("It did not fail"),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(CapturesError);
  return error as CapturesError;
}
