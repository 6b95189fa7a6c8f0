import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Accounts } from "./accounts.ts";
import { answerAws, errorReply } from "./aws.ts";
import { answerControl, CONTROL_PREFIX } from "./control.ts";
import { AwsError, commonErrors } from "./errors.ts";
import { DiskLog } from "./logs/disk-log.ts";
import { ParameterFile } from "./parameter-file.ts";
import type { Outcome, Reply } from "./reply.ts";
import type { RawRequest } from "./signature.ts";

const MAX_BODY_BYTES = 1024 * 1024;
/** The control API takes statements that are longer than a request of AWS may be. */
const MAX_CONTROL_BODY_BYTES = 64 * MAX_BODY_BYTES;
/** The demo account's instance whose logs real servers' files can be. */
const DISK_LOG_INSTANCE = "demo-mariadb";
/** What the file with the demo account's parameters is called. */
export const PARAMETER_FILE = "local-aws-parameters.json";
/** How long a client may take to send a request. */
const REQUEST_TIMEOUT_MS = 30_000;
const LOOPBACK = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;

/** Where a local AWS listens. */
export interface LocalAwsOptions {
  /** 0 takes any free port. */
  port: number;
  /** The address to bind: loopback unless told otherwise. */
  host?: string;
  /** The general log of a real MariaDB or MySQL, to be served as that of the demo account's `demo-mariadb`. */
  generalLog?: string | undefined;
  /** The slow query log of a real server, as generalLog. */
  slowLog?: string | undefined;
  /** A folder to keep in what was set in the demo account's parameter groups; nothing is kept unless told otherwise. */
  persistTo?: string | undefined;
  /** Told in a sentence what happened to these files: `console.warn` unless told otherwise. */
  onNotice?: (notice: string) => void;
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
 * `/_local/`. All its state is in memory, except for what `persistTo` keeps.
 * @throws the listening error, such as EADDRINUSE
 */
export async function startLocalAws({
  port,
  host = "127.0.0.1",
  generalLog,
  slowLog,
  persistTo,
  onNotice = (notice) => console.warn(`Local AWS: ${notice}`),
}: LocalAwsOptions): Promise<LocalAws> {
  const accounts = new Accounts();
  accounts.demo.diskLogs.set(DISK_LOG_INSTANCE, {
    ...(generalLog === undefined ? {} : { general: new DiskLog("general", generalLog, onNotice) }),
    ...(slowLog === undefined ? {} : { slow: new DiskLog("slow", slowLog, onNotice) }),
  });
  if (persistTo !== undefined) {
    accounts.demo.parameterFile = new ParameterFile(join(persistTo, PARAMETER_FILE), onNotice);
    accounts.demo.parameterFile.restore(accounts.demo);
  }
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
  if (typeof outcome.body === "string" && outcome.breakOff === undefined) {
    response.writeHead(outcome.status, outcome.headers).end(outcome.body);
    return;
  }
  await send(request, response.writeHead(outcome.status, outcome.headers), outcome);
}

/** Sends a body piece by piece, as fast as it is taken. */
async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { body, breakOff }: Reply,
): Promise<void> {
  const pieces = typeof body === "string" ? [Buffer.from(body)] : body;
  if (breakOff === undefined) {
    // A client that closes the connection early is no failure; what fails here ends in a cut connection.
    await pipeline(Readable.from(pieces, { objectMode: false }), response).catch((error: unknown) => {
      if (!response.closed) throw error;
    });
    return;
  }
  let room = breakOff.afterBytes;
  for (const piece of pieces) {
    await new Promise((resolve) => response.write(piece.subarray(0, room), resolve));
    room -= piece.length;
    if (room <= 0) break;
  }
  if (breakOff.how === "reset") request.socket.resetAndDestroy();
}

async function answer(request: IncomingMessage, accounts: Accounts): Promise<Outcome> {
  const { method = "", url = "", headers } = request;
  const isControl = url.startsWith(CONTROL_PREFIX);
  let body: Uint8Array;
  try {
    body = await readBody(request, isControl ? MAX_CONTROL_BODY_BYTES : MAX_BODY_BYTES);
  } catch (error) {
    if (error instanceof AwsError) return errorReply({ headers }, error);
    // The client went away in the middle of its body: there is nobody left to answer.
    return "reset";
  }
  if (!isControl) {
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
async function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes <= limitBytes) chunks.push(chunk);
  }
  if (bytes > limitBytes) throw commonErrors.bodyTooLarge(limitBytes);
  return Buffer.concat(chunks);
}
