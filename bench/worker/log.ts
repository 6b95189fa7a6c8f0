import type { LogPortion } from "../../src/aws/rds-logs.ts";
import { GENERAL } from "../../src/logs/general/kind.ts";
import type { LogKind, ParsedAs } from "../../src/logs/kind.ts";
import { MAX_PORTION_LINES } from "../../src/logs/portion.ts";
import type { LogSource } from "../../src/logs/reader.ts";
import { beginFollowing, follow } from "../../src/workload/collecting/follower.ts";
import type { FollowerState } from "../../src/workload/collecting/follower-state.ts";
import { Digests } from "../../src/workload/digest.ts";
import { type FragmentStore, metadataOf } from "../../src/workload/stored/fragments.ts";
import { emptyManifest, type Manifest } from "../../src/workload/stored/manifest.ts";
import { SeriesDelta } from "../../src/workload/timing/series.ts";
import type { SeriesStore } from "../../src/workload/timing/series-store.ts";

/* Follows a log that is in memory: what a capture's own code does with it, without AWS. */

/** The most that RDS gives at once: so many bytes, and so many lines. */
const PORTION_BYTES = 1_000_000;
const LF = 10;
const WINDOW = { start: 0, end: null };

/** A log that has the same megabytes again and again, so that it can be longer than memory. */
export class EndlessLog implements LogSource<ParsedAs> {
  readonly kind: LogKind<ParsedAs>;
  readonly #text: Uint8Array;
  readonly #bytes: number;
  readonly #collect: (() => void) | undefined;
  /** The portions of the text, by where they begin; the text is made of whole lines. */
  readonly #ends = new Map<number, number>();

  /** @param collect collects garbage, before each portion */
  constructor(
    text: Uint8Array,
    bytes: number,
    { kind = GENERAL, collect }: { kind?: LogKind<ParsedAs>; collect?: (() => void) | undefined } = {},
  ) {
    this.kind = kind;
    this.#text = text;
    this.#bytes = bytes;
    this.#collect = collect;
    for (let start = 0; start < text.length; ) {
      const end = portionEnd(text, start);
      this.#ends.set(start, end);
      start = end;
    }
  }

  async list() {
    return {
      ok: true as const,
      value: [{ name: this.kind.liveFile, lastWritten: Date.now(), size: this.#bytes }],
    };
  }

  async portion(_: string, marker: string | undefined) {
    this.#collect?.();
    return { ok: true as const, value: this.#at(Number(marker)) };
  }

  #at(position: number): LogPortion {
    const start = position % this.#text.length;
    const end = this.#ends.get(start) as number;
    const marker = position + end - start;
    // A copy, as from the network.
    return { data: this.#text.slice(start, end), marker: String(marker), pending: marker < this.#bytes };
  }
}

/** Where the portion that begins at `start` ends: after its last whole line. */
function portionEnd(text: Uint8Array, start: number): number {
  let end = start;
  for (let lines = 0; lines < MAX_PORTION_LINES; lines++) {
    const next = text.indexOf(LF, end) + 1;
    if (next === 0 || next > start + PORTION_BYTES) break;
    end = next;
  }
  return end > start ? end : text.length;
}

/** Puts fragments into R2, as a capture does. */
export function fragmentsIn(bucket: R2Bucket): FragmentStore {
  const key = (sequence: number) => `bench/${sequence}`;
  return {
    read: async (sequence, bytes) => {
      const object = await bucket.get(key(sequence), { range: { offset: 0, length: bytes } });
      if (object === null) throw new Error(`The fragment ${sequence} is gone`);
      return new Uint8Array(await object.arrayBuffer());
    },
    write: async (sequence, bytes, content) => {
      await bucket.put(key(sequence), bytes, { customMetadata: metadataOf(content) });
    },
  };
}

/** Deletes all fragments but the last, which is read back. */
export function lastFragment(): FragmentStore {
  let last: Uint8Array | undefined;
  return {
    read: async (sequence, bytes) => {
      if (last === undefined) throw new Error(`The fragment ${sequence} is gone`);
      return last.slice(0, bytes);
    },
    write: async (_, bytes) => {
      last = bytes;
    },
  };
}

/** A log that is being followed: one step at a time, as a capture's runner does. */
export class Following {
  readonly #source: LogSource<ParsedAs>;
  readonly #fragments: FragmentStore;
  readonly #series: SeriesStore | undefined;
  readonly #digests = new Digests();
  #state: FollowerState;

  private constructor(
    source: LogSource<ParsedAs>,
    fragments: FragmentStore,
    series: SeriesStore | undefined,
    state: FollowerState,
  ) {
    this.#source = source;
    this.#fragments = fragments;
    this.#series = series;
    this.#state = state;
  }

  /** @param series where the series are added; without it they are only counted */
  static async begin(
    source: LogSource<ParsedAs>,
    fragments: FragmentStore,
    series?: SeriesStore,
  ): Promise<Following> {
    const manifest = emptyManifest(1, "secrets", source.kind.name);
    const begun = await beginFollowing(source, manifest, WINDOW, true);
    if (!begun.ok) throw new Error(begun.failure.message);
    return new Following(source, fragments, series, begun.value);
  }

  /** Makes one step. @returns what is known then, how much has been read, and whether that was all */
  async step(): Promise<{ manifest: Manifest; bytesRead: number; caughtUp: boolean }> {
    const digests = this.#digests;
    const series = this.#series?.delta() ?? new SeriesDelta();
    const { records: from } = this.#state.manifest;
    const counts = { digests, series };
    const step = await follow(this.#state, counts, this.#source, this.#fragments, async () => WINDOW);
    if (!step.ok) throw new Error(step.failure.message);
    this.#state = step.value.state;
    const { manifest, position } = this.#state;
    if (this.#series?.add(series, digests, { from, to: manifest.records }) === false)
      throw new Error("The series were not added");
    return { manifest, bytesRead: position.bytesRead, caughtUp: step.value.caughtUp };
  }
}
