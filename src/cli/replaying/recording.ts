import { basename } from "node:path";
import { type Cli, serviceOf } from "../cli.ts";
import { chunksOf } from "../download/body.ts";
import { EXIT, Failure } from "../failure.ts";
import { findCapture } from "../finding.ts";
import { readFile, unpacked } from "../replay/record-lines.ts";

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

/** Of the first object in NDJSON. */
const BRACE = 123;

/**
 * The recording in a file that was downloaded: its beginning has been read.
 * @throws Failure when it can't be read, or does not begin as one
 */
export async function recordingIn(file: string): Promise<Recording> {
  const shown = file === "-" ? "Standard input" : file;
  const whole = readFile(file);
  const first = await whole.next().catch((error: Error) => {
    throw new Failure(`${shown} can't be read: ${error.message}`, EXIT.usage);
  });
  if (!first.done && first.value[0] !== BRACE)
    throw new Failure(`${shown} is no NDJSON of captures download`, EXIT.usage);
  const chunks = (async function* () {
    if (first.done) return;
    yield first.value;
    try {
      yield* whole;
    } catch (error) {
      throw new Failure(`${shown} can't be read to its end: ${(error as Error).message}`);
    }
  })();
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
  // Unlike what `fetch` unpacks itself, this says whether it is whole.
  const query = { format: "ndjson.gz", log, from, to: before } as const;
  const { body, headers } = await captures.download(id, query, { signal });
  const incomplete = headers.get("x-workload-incomplete");
  if (incomplete !== null) notes.push(`Records are lost in the service's storage: ${incomplete}`);
  return {
    chunks: unpackedDownload(chunksOf(body)),
    name,
    capture: id,
    isRedacted: full.redact === "literals",
    from: timeOf(from ?? full.start),
    to: timeOf(before ?? full.end),
    notes,
  };
}

async function* unpackedDownload(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* unpacked(chunks);
  } catch (error) {
    throw error instanceof Failure
      ? error
      : new Failure(`The download is not whole: ${(error as Error).message}`);
  }
}

const timeOf = (time: string | Date | null) => (time === null ? null : new Date(time).getTime());
