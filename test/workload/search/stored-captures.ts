import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { CapturedLog, LogName } from "../../../src/logs/names.ts";
import type { WorkloadRecord, WorkloadRecords } from "../../../src/workload/search/replies.ts";
import { manifestKey } from "../../../src/workload/stored/keys.ts";
import type { Manifest } from "../../../src/workload/stored/manifest.ts";
import type { Cast, Reply } from "../../support/api.ts";
import { captureIn } from "../../support/stored-workload.ts";
import { lineOf, type Memory, type Said, stored } from "./support.ts";

/* Captures that are stored as they are in R2, and what is asked about their records over HTTP. */

/** What a test's capture is made of: fragments of records by its logs. */
interface Made {
  log?: CapturedLog;
  status?: string;
  version?: 1 | 2;
  manifest?: Partial<Manifest>;
}

/** Stores a capture of a cast with fragments of its logs, as it is in R2. */
export async function captureOf(
  cast: Cast,
  fragments: Partial<Record<LogName, Said[][]>>,
  { log = "general", status = "DONE", version = 2, manifest = {} }: Made = {},
): Promise<{ id: number; memories: Memory[] }> {
  const id = await captureIn(cast, status);
  await env.DB.prepare("update captures set log = ?2 where id = ?1").bind(id, log).run();
  const memories: Memory[] = [];
  for (const [name, all] of Object.entries(fragments) as [LogName, Said[][]][]) {
    const pieces = all.map((some) => [some.map((said) => lineOf(said, name, version))]);
    const memory = stored(
      id,
      name,
      pieces.map((one) => ({ version, pieces: one })),
    );
    Object.assign(memory.manifest, manifest);
    for (const [key, { bytes, customMetadata }] of memory.objects) {
      await env.BUCKET.put(key, bytes, { customMetadata });
    }
    if (status === "DONE") {
      await env.BUCKET.put(manifestKey(id, name), JSON.stringify({ ...memory.manifest, version }));
    }
    memories.push(memory);
  }
  return { id, memories };
}

/** Asks for records of a capture. */
export const recordsOf = (cast: Cast, id: number, query = "") =>
  cast.member.get<WorkloadRecords>(`/api/captures/${id}/workload/records${query}`);

/** The statements of a reply's records. */
export const statementsOf = ({ body, status }: Reply<{ records: WorkloadRecord[] }>): string[] => {
  expect(status).toBe(200);
  return body.records.map(({ statement }) => statement);
};

/** Follows the cursors of a list to its end. */
export async function pagesOf<T extends { next: string | null }>(
  ask: (more: string) => Promise<Reply<T>>,
): Promise<T[]> {
  const pages: T[] = [];
  let more = "";
  for (;;) {
    const { body, status } = await ask(more);
    expect(status).toBe(200);
    pages.push(body);
    if (body.next === null) return pages;
    more = `&cursor=${body.next}`;
  }
}
