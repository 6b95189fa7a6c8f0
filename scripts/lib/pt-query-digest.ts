import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
/** It shows an example of each statement, which may be long. */
const MAX_REPORT_BYTES = 64 * 1024 * 1024;

/** What pt-query-digest finds in a log as a whole. */
export interface Found {
  query_count: number;
  /** In seconds. A general log has no such times. */
  metrics: { Query_time: { sum: string } };
}

/** Lets pt-query-digest read a log. @param options beside those of its report */
export async function ptQueryDigest(
  type: "genlog" | "slowlog",
  file: string,
  ...options: string[]
): Promise<Found> {
  const report = ["--type", type, "--no-version-check", "--output", "json", "--limit", "1"];
  const { stdout } = await run("pt-query-digest", [...report, ...options, file], {
    maxBuffer: MAX_REPORT_BYTES,
  });
  return (JSON.parse(stdout) as { global: Found }).global;
}
