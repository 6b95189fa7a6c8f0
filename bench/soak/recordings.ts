import { readRecords } from "../../scripts/lib/demo-user.ts";
import { type GeneratedRecord, judgeRecording, type Verdict } from "../../scripts/lib/kill/judge.ts";
import type { Workload } from "../../src/client/index.ts";
import type { BenchEnvironment, Service } from "../service.ts";

/**
 * Judges what a capture that ran has stored by what its instance's clients did meanwhile. Times in milliseconds.
 * @returns also the gaps that it reports
 */
export async function judgeStored(
  service: Service,
  { accessKeyId, instance }: BenchEnvironment,
  { id, start, end }: { id: number; start: number; end: number },
): Promise<{ verdict: Verdict; gaps: Workload["gaps"] }> {
  const { gaps } = await service.api.captures.workload(id);
  const window = new URLSearchParams({ accessKeyId, instance, from: String(start), to: String(end) });
  const path = `workload?${window}`;
  const { records: generated } = await service.control<{ records: GeneratedRecord[] }>("GET", path);
  const records = await readRecords(await service.api.captures.download(id));
  return { verdict: judgeRecording(generated, { start, end, gaps, records }), gaps };
}

/** Whether an environment's instance writes a general log to files now. */
export async function isLogging(
  service: Service,
  { accessKeyId, instance }: BenchEnvironment,
): Promise<boolean> {
  const path = `log-files?${new URLSearchParams({ accessKeyId, instance })}`;
  return (await service.control<{ isLogging: boolean }>("GET", path)).isLogging;
}
