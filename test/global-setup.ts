import type { TestProject } from "vitest/node";
import { startScratchLog } from "./aws/server/scratch-log.ts";
import { startLocalAws } from "./aws/server/server.ts";

declare module "vitest" {
  interface ProvidedContext {
    localAwsUrl: string;
    /** Another local AWS, which serves a file on disk as the log of `demo-mariadb`, and where to write to the file. */
    scratchLog: { awsUrl: string; fileUrl: string };
  }
}

/** Starts one local AWS for the whole run; each test file makes an account of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const aws = await startLocalAws({ port: 0 });
  project.provide("localAwsUrl", aws.url);
  const { close, ...scratchLog } = await startScratchLog();
  project.provide("scratchLog", scratchLog);
  return async () => {
    await Promise.all([aws.close(), close()]);
  };
}
