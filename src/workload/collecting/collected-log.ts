import { type StoredFormat, storedFormat } from "../../lib/stored.ts";
import { GENERAL } from "../../logs/general/kind.ts";
import type { ParserSnapshot } from "../../logs/general/parser-state.ts";
import type { LogKind, ParsedAs } from "../../logs/kind.ts";
import type { LogName } from "../../logs/names.ts";
import { SLOW } from "../../logs/slow/kind.ts";
import type { SlowSnapshot } from "../../logs/slow/parser-state.ts";
import type { Manifest } from "../stored/manifest.ts";
import {
  type FollowerState,
  type GeneralFollowerState,
  generalFollowerSchema,
  slowFollowerSchema,
} from "./follower-state.ts";
import { GeneralRecords } from "./general-records.ts";
import type { Records } from "./records.ts";
import { SlowRecords } from "./slow-records.ts";

/*
 * What the collecting of a log has to know of its kind, besides how it is read (logs/kind.ts). State, parser and records of a log
 * all come from here, so they are of one kind, although their types don't say of which.
 */

/** The longest statement that is kept whole, in UTF-16 units: the one that is open is written after every step. */
export const MAX_STATEMENT = 256 * 1024;

/** How a kind of log is collected. */
export interface CollectedLog {
  readonly kind: LogKind<ParsedAs>;
  /** How the state of its follower is stored. */
  readonly format: StoredFormat<FollowerState>;
  /** What is done with the records of a capture's log, by the state of its follower; from the beginning, where there is none. */
  records(manifest: Manifest, from?: FollowerState): Records;
  /** The time of the record that its parser has open, in microseconds since the epoch; null when that is not known, or none is. */
  openMicros(state: FollowerState): number | null;
  /** By how much a record may be earlier than the one before it, in microseconds. */
  readonly outOfOrderMicros: number;
  /** Whether a session can set the clock that its records have, so that one record does not show how far the log has come. */
  readonly hasSessionClocks: boolean;
}

/** By how much a server's clock may be ahead of this machine's, in milliseconds. A record that is later has a session's clock. */
const CLOCKS_DIFFER_MS = 5 * 60_000;

/** The latest time that a record can show its log to have come to, in microseconds since the epoch. */
export const latestReachable = ({ hasSessionClocks }: CollectedLog): number =>
  hasSessionClocks ? (Date.now() + CLOCKS_DIFFER_MS) * 1000 : Number.POSITIVE_INFINITY;

const general: CollectedLog = {
  kind: GENERAL,
  format: storedFormat("follower's state", 2, generalFollowerSchema),
  records: (manifest, from) => new GeneralRecords(manifest, from as GeneralFollowerState | undefined),
  openMicros: ({ parser }) => (parser as ParserSnapshot).open?.timeMicros ?? null,
  outOfOrderMicros: 0,
  hasSessionClocks: false,
};

const slow: CollectedLog = {
  kind: SLOW,
  format: storedFormat("follower's state of the slow log", 2, slowFollowerSchema),
  records: (manifest) => new SlowRecords(manifest),
  openMicros: ({ parser }) => (parser as SlowSnapshot).open?.record.timeMicros ?? null,
  // MariaDB says when a statement began, in whole seconds. MySQL's are up to some milliseconds out of order (9.7.4).
  outOfOrderMicros: 2_000_000,
  // What `SET timestamp` says: a session's own, where it has set one.
  hasSessionClocks: true,
};

/** How a kind of log is collected. */
export const collectedLog = (log: LogName): CollectedLog => (log === "general" ? general : slow);

/** The state of a follower that has read nothing yet, at the beginning of the live file. */
export function initialState(manifest: Manifest): FollowerState {
  const { kind, records } = collectedLog(manifest.log);
  return {
    position: { file: kind.liveFile, marker: "0", bytesRead: 0, known: {}, next: [] },
    parser: kind.parser({ maxStatement: MAX_STATEMENT }).snapshot(),
    ...records(manifest).toJSON(),
    manifest,
    tail: null,
    reachedMicros: null,
    openGap: null,
  };
}
