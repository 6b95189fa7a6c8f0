import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a receiver got. */
export interface Received {
  headers: Record<string, string>;
  body: string;
}

/** A receiver of webhooks on this machine. */
export interface Receiver {
  address: string;
  received: Received[];
  /** The statuses that it answers with next; 204 once there are none left. */
  answers: number[];
  close(): Promise<void>;
}

/** Starts a receiver on a free port. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answers: number[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(answers.shift() ?? 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/captures`,
    received,
    answers,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
