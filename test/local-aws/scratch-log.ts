import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type LocalAws, startLocalAws } from "./server.ts";

/** A second local AWS that serves a real file, and a way for tests, which have no disk, to write to the file. */
export interface ScratchLog {
  /** The address of the local AWS. */
  awsUrl: string;
  /**
   * POST appends the body, PUT replaces the file by another with the body, DELETE truncates it, PURGE deletes it. The slow log is
   * below it, at `slow`.
   */
  fileUrl: string;
  close(): Promise<void>;
}

/** Starts both; the file is not there until someone writes to it. */
export async function startScratchLog(): Promise<ScratchLog> {
  const folder = mkdtempSync(join(tmpdir(), "local-aws-"));
  const [path, slowPath] = [join(folder, "general.log"), join(folder, "slow.log")];
  const writes: Record<string, (file: string, body: string) => void> = {
    POST: (file, body) => appendFileSync(file, body),
    PUT: (file, body) => {
      writeFileSync(`${file}.new`, body);
      renameSync(`${file}.new`, file);
    },
    DELETE: (file) => truncateSync(file, 0),
    PURGE: (file) => rmSync(file),
  };
  const writer = createServer(async (request, response) => {
    const body = await text(request);
    writes[request.method ?? ""]?.(request.url === "/slow" ? slowPath : path, body);
    response.end();
  });
  await new Promise<void>((resolve) => writer.listen(0, "127.0.0.1", resolve));
  const aws: LocalAws = await startLocalAws({
    port: 0,
    generalLog: path,
    slowLog: slowPath,
    onNotice: () => {},
  });
  return {
    awsUrl: aws.url,
    fileUrl: `http://127.0.0.1:${(writer.address() as AddressInfo).port}/`,
    close: async () => {
      writer.close();
      writer.closeAllConnections();
      await aws.close();
      rmSync(folder, { recursive: true });
    },
  };
}
