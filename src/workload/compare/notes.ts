import { isoTime } from "../../lib/values.ts";
import type { Side } from "./side.ts";

/** What of two captures can't be compared or said, in words. */
export function notesOf(base: Side, other: Side): string[] {
  return [
    ...[base, other].flatMap(notesOfOne),
    ...differences(base, other),
    ...[base, other].flatMap(fullTable),
  ];
}

const called = ({ capture: { id, name } }: Side): string => `${name} (capture ${id})`;

function notesOfOne(side: Side): string[] {
  const { callsMs, isLive, hasMoreGaps, completeSince } = side;
  if (callsMs <= 0) return [`${called(side)} has recorded nothing: what it would have had is not known.`];
  const notes: string[] = [];
  if (isLive) notes.push(`${called(side)} still records: this is what it has so far.`);
  if (callsMs < 60_000) notes.push(`${called(side)} recorded less than a minute: its rates are rough.`);
  if (hasMoreGaps) {
    notes.push(
      `${called(side)} has more gaps than are described one by one: it recorded less than its rates a minute assume.`,
    );
  }
  if (completeSince !== null) {
    notes.push(
      `Of ${called(side)}, sessions that connected before ${isoTime(completeSince)} may be missing from the slow log.`,
    );
  }
  return notes;
}

function differences(base: Side, other: Side): string[] {
  const notes: string[] = [];
  if (base.capture.envId !== other.capture.envId) {
    notes.push("The captures are of different environments: of other instances, perhaps of other sizes.");
  }
  if (base.log !== other.log) {
    notes.push(
      "One capture is of the general log and one of the slow log: how often statements ran is compared, not how long they took. The slow log has no statements that were cut off, and words a few in another way.",
    );
  } else if (base.capture.log !== other.capture.log) {
    notes.push(
      `One capture has a log that the other has not: compared is the ${base.log} log, which both have.`,
    );
  }
  const { capture: first, timesThreshold, callsThreshold } = base;
  if (timesThreshold !== other.timesThreshold || callsThreshold !== other.callsThreshold) {
    const most = Math.max(first.minDurationMicros, other.capture.minDurationMicros) / 1000;
    notes.push(
      `Statements below different durations were left out: only statements of which all calls took at least ${most} ms are compared.`,
    );
  }
  if (base.rules === null || other.rules === null) return notes;
  if (base.rules.digestVersion !== other.rules.digestVersion) {
    notes.push(
      "The captures were counted by different rules of what is the same statement: one that seems to be in one of them only may be in both.",
    );
  }
  if (base.rules.redact !== other.rules.redact) {
    notes.push(
      "Literals were removed from one of the captures only: a few statements with double quotes may have another form there, and seem to be new or gone.",
    );
  }
  return notes;
}

function fullTable(side: Side): string[] {
  const { calls, micros } = side.missing;
  if (calls === 0) return [];
  const time = side.totalMicros === null ? "" : `, and took up to ${micros / 1000} ms in all`;
  return [
    `${called(side)} ran more different statements than are counted one by one: one that is missing from it may have run up to ${calls} times${time}.`,
  ];
}
