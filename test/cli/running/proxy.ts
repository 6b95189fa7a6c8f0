import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";

/** Something between a command and the service. */
export interface Proxy {
  url: string;
  close(): Promise<void>;
}

/**
 * Starts a proxy of the service, to change what it answers.
 * @param change is given the service's reply, and gives what the command gets; an error of it cuts the connection
 */
export async function startProxy(
  address: string,
  change: (reply: Response, path: string) => Promise<Response>,
): Promise<Proxy> {
  const answer = async (
    { method = "GET", url = "/", headers }: IncomingMessage,
    response: ServerResponse,
  ) => {
    const { authorization = "" } = headers;
    const asked = await fetch(address + url, { method, headers: { authorization } });
    const changed = await change(asked, url);
    const reply = new Response(changed.body, changed);
    // fetch has decoded the body.
    for (const name of ["content-encoding", "content-length"]) reply.headers.delete(name);
    response.writeHead(reply.status, Object.fromEntries(reply.headers));
    if (reply.body === null) response.end();
    else
      Readable.fromWeb(reply.body as import("node:stream/web").ReadableStream)
        .on("error", () => response.destroy())
        .pipe(response);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
