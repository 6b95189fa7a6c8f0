import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { PARAMETER_FILE, startLocalAws } from "./server.ts";

/** A local AWS that keeps its state in a folder, and can be ended and started again by tests, which have no disk. */
export interface ScratchState {
  /** The address of the local AWS. */
  awsUrl: string;
  /**
   * POST starts the local AWS again, PUT with the body as the file that it has kept, MKCOL with a folder in its place, DELETE
   * without it. The reply is what the local AWS had to say of the file since the last one, in JSON.
   */
  restartUrl: string;
  close(): Promise<void>;
}

/** Starts the local AWS with an empty folder. */
export async function startScratchState(): Promise<ScratchState> {
  const folder = mkdtempSync(join(tmpdir(), "local-aws-"));
  const notices: string[] = [];
  const start = (port: number) =>
    startLocalAws({ port, persistTo: folder, onNotice: (notice) => notices.push(notice) });
  let aws = await start(0);
  const { url } = aws;
  const control = createServer(async (request, response) => {
    const body = await text(request);
    await aws.close();
    const file = join(folder, PARAMETER_FILE);
    if (request.method === "PUT") writeFileSync(file, body);
    if (request.method === "MKCOL") mkdirSync(file);
    if (request.method === "DELETE") rmSync(file, { recursive: true, force: true });
    aws = await start(Number(new URL(url).port));
    response.setHeader("content-type", "application/json").end(JSON.stringify(notices.splice(0)));
  });
  await new Promise<void>((resolve) => control.listen(0, "127.0.0.1", resolve));
  return {
    awsUrl: url,
    restartUrl: `http://127.0.0.1:${(control.address() as AddressInfo).port}/`,
    close: async () => {
      control.close();
      control.closeAllConnections();
      await aws.close();
      rmSync(folder, { recursive: true });
    },
  };
}
