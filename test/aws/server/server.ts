import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Accounts } from "./accounts.ts";
import { answerAws, errorReply, type Outcome } from "./aws.ts";
import { answerControl, CONTROL_PREFIX } from "./control.ts";
import { AwsError, commonErrors } from "./errors.ts";
import type { RawRequest } from "./signature.ts";

const MAX_BODY_BYTES = 1024 * 1024;
/** How long a client may take to send a request. */
const REQUEST_TIMEOUT_MS = 30_000;
const LOOPBACK = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;

/** Where a local AWS listens. */
export interface LocalAwsOptions {
  /** 0 takes any free port. */
  port: number;
  /** The address to bind: loopback unless told otherwise. */
  host?: string;
}

/** A running local AWS. */
export interface LocalAws {
  /** The address for `AWS_ENDPOINT_URL`, without a slash at its end. */
  url: string;
  /** Stops it; connections that still wait for an answer are cut off. */
  close(): Promise<void>;
}

/**
 * Starts a local AWS: CloudWatch, RDS and STS as an endpoint override sees them, and the control API under
 * `/_local/`. All its state is in memory and its own.
 * @throws the listening error, such as EADDRINUSE
 */
export async function startLocalAws({ port, host = "127.0.0.1" }: LocalAwsOptions): Promise<LocalAws> {
  const accounts = new Accounts();
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      handle(request, response, accounts).catch((error) => {
        console.error("The local AWS failed:", error);
        response.destroy();
      });
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  const hostname = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${hostname}:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, accounts: Accounts): Promise<void> {
  const outcome = await answer(request, accounts);
  if (outcome === "hang") return;
  if (outcome === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  response.writeHead(outcome.status, outcome.headers).end(outcome.body);
}

async function answer(request: IncomingMessage, accounts: Accounts): Promise<Outcome> {
  const { method = "", url = "", headers } = request;
  let body: Uint8Array;
  try {
    body = await readBody(request);
  } catch (error) {
    if (error instanceof AwsError) return errorReply({ headers }, error);
    // The client went away in the middle of its body: there is nobody left to answer.
    return "reset";
  }
  if (!url.startsWith(CONTROL_PREFIX)) {
    const raw: RawRequest = { method, url, headers, body };
    return answerAws(raw, accounts);
  }
  if (!LOOPBACK.test(request.socket.remoteAddress ?? "")) {
    return {
      status: 403,
      headers: { "content-type": "text/plain" },
      body: "The control API is for this machine only\n",
    };
  }
  return answerControl({ method, url, body }, accounts);
}

/**
 * Reads a body to its end, so that the connection stays usable, but keeps no more than the limit of it.
 * @throws AwsError RequestEntityTooLarge when it is over the limit; Error when the connection ends early
 */
async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw commonErrors.bodyTooLarge(MAX_BODY_BYTES);
  return Buffer.concat(chunks);
}
