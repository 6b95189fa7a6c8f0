import type { TestProject } from "vitest/node";
import { startCollector } from "./contract/collector.ts";
import { startScratchLog } from "./local-aws/scratch-log.ts";
import { startScratchState } from "./local-aws/scratch-state.ts";
import { startLocalAws } from "./local-aws/server.ts";
import { hideExpectedOutput } from "./support/runtime-output.ts";

declare module "vitest" {
  interface ProvidedContext {
    localAwsUrl: string;
    /** Where test files report what they have provoked of the API's description. */
    contractUrl: string;
    /** Another local AWS, which serves a file on disk as the log of `demo-mariadb`, and where to write to the file. */
    scratchLog: { awsUrl: string; fileUrl: string };
    /** Another one, which keeps its parameters in a file, and where to have it started again. */
    scratchState: { awsUrl: string; restartUrl: string };
  }
}

/**
 * Starts one local AWS for the whole run; each test file makes an account of its own in it. When all of the suite has run, what
 * the API's description says must have been answered in some test, or the run has failed.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const showOutput = hideExpectedOutput();
  const aws = await startLocalAws({ port: 0 });
  project.provide("localAwsUrl", aws.url);
  const { close: closeLog, ...scratchLog } = await startScratchLog();
  project.provide("scratchLog", scratchLog);
  const { close: closeState, ...scratchState } = await startScratchState();
  project.provide("scratchState", scratchState);
  const contract = await startCollector();
  project.provide("contractUrl", contract.url);
  return async () => {
    await Promise.all([aws.close(), closeLog(), closeState(), contract.close()]);
    showOutput();
    const missing = project.vitest.getGlobalTestNamePattern() === undefined ? contract.missing() : null;
    if (missing === null || missing.length === 0) return;
    console.error(`No test provokes what the API's description says:\n  ${missing.join("\n  ")}`);
    process.exitCode = 1;
  };
}
