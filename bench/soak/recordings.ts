import { gunzipSync } from "node:zlib";
import type { CapturedRecord, WorkloadSummary } from "../../scripts/lib/client.ts";
import { type GeneratedRecord, judgeRecording, type Verdict } from "../../scripts/lib/kill/judge.ts";
import type { BenchEnvironment, Service } from "../service.ts";

/**
 * Judges what a capture that ran has stored by what its instance's clients did meanwhile. Times in milliseconds.
 * @returns also the gaps that it reports
 */
export async function judgeStored(
  service: Service,
  { accessKeyId, instance }: BenchEnvironment,
  { id, start, end }: { id: number; start: number; end: number },
): Promise<{ verdict: Verdict; gaps: WorkloadSummary["gaps"] }> {
  const { gaps } = await service.send<WorkloadSummary>("GET", `/captures/${id}/workload`);
  const window = new URLSearchParams({ accessKeyId, instance, from: String(start), to: String(end) });
  const path = `workload?${window}`;
  const { records: generated } = await service.control<{ records: GeneratedRecord[] }>("GET", path);
  const records = await download(service, id);
  return { verdict: judgeRecording(generated, { start, end, gaps, records }), gaps };
}

async function download(service: Service, id: number): Promise<CapturedRecord[]> {
  const { address } = service.client;
  const { cookie = "" } = service.caller.headers;
  const reply = await fetch(`${address}/api/captures/${id}/workload/download`, { headers: { cookie } });
  const bytes = new Uint8Array(await reply.arrayBuffer());
  if (!reply.ok) throw new Error(`The download answered ${reply.status} ${new TextDecoder().decode(bytes)}`);
  const lines = gunzipSync(bytes).toString().split("\n");
  lines.pop();
  return lines.map((line) => JSON.parse(line) as CapturedRecord);
}

/** Whether an environment's instance writes a general log to files now. */
export async function isLogging(
  service: Service,
  { accessKeyId, instance }: BenchEnvironment,
): Promise<boolean> {
  const path = `log-files?${new URLSearchParams({ accessKeyId, instance })}`;
  return (await service.control<{ isLogging: boolean }>("GET", path)).isLogging;
}
