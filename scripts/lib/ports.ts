import { type AddressInfo, createServer } from "node:net";

/**
 * Listens on a port for a moment.
 * @param port 0 for any that is free
 * @returns which port it was
 * @throws the system's error, such as EADDRINUSE
 */
export function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "localhost", () => {
      const found = (server.address() as AddressInfo).port;
      server.close(() => resolve(found));
    });
  });
}
