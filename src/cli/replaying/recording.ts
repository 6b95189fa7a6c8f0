import { basename } from "node:path";
import { type Cli, serviceOf } from "../cli.ts";
import { chunksOf } from "../download/body.ts";
import { findCapture } from "../finding.ts";
import { readFile } from "../replay/record-lines.ts";

/** What is replayed, and what of it is known before. */
export interface Recording {
  /** NDJSON, as it arrives. */
  chunks: AsyncIterable<Uint8Array>;
  name: string;
  capture: number | null;
  isRedacted: boolean;
  /** Its time in milliseconds since 1970; null where nobody knows. */
  from: number | null;
  to: number | null;
  notes: string[];
}

/** Which records are asked for. */
interface Asked {
  log?: "general" | "slow";
  from?: Date;
  before?: Date;
}

/** The recording in a file that was downloaded. */
export function recordingIn(file: string): Recording {
  const chunks = readFile(file);
  return { chunks, name: basename(file), capture: null, isRedacted: false, from: null, to: null, notes: [] };
}

/**
 * The recording of a capture: its download has begun.
 * @param signal ends the download
 * @throws Failure when there is no such capture; CapturesError
 */
export async function recordingOf(
  cli: Cli,
  text: string,
  { log, from, before }: Asked,
  signal: AbortSignal,
): Promise<Recording> {
  const service = serviceOf(cli);
  const { id, name } = await findCapture(service, text);
  const { captures } = service.client;
  const [full, workload] = await Promise.all([
    captures.getFull(id, { signal: cli.signal }),
    captures.workload(id, { signal: cli.signal }),
  ]);
  const notes: string[] = [];
  if (workload.gapCount > 0)
    notes.push(`The capture has ${workload.gapCount} gaps: what ran in them is not in it.`);
  const query = { format: "ndjson", log, from, to: before } as const;
  const { body, headers } = await captures.download(id, query, { signal });
  const incomplete = headers.get("x-workload-incomplete");
  if (incomplete !== null) notes.push(`Records are lost in the service's storage: ${incomplete}`);
  return {
    chunks: chunksOf(body),
    name,
    capture: id,
    isRedacted: full.redact === "literals",
    from: timeOf(from ?? full.start),
    to: timeOf(before ?? full.end),
    notes,
  };
}

const timeOf = (time: string | Date | null) => (time === null ? null : new Date(time).getTime());
