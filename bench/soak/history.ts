/*
 * Judges a capture by its history alone. The legal transitions are written down here a second time, from the
 * specification: a judge that asked the service's own table would pass whatever the service does.
 */

/** A transition in a capture's history; the time in milliseconds. */
export interface Move {
  time: number;
  /** Null for the event that made the capture. */
  from: string | null;
  to: string;
  /** A user's id, or the part of the service that acted. */
  actor: string;
  reason: string | null;
}

/** A capture in its last state; times in milliseconds. */
export interface Left {
  status: string;
  start: number | null;
  end: number | null;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  deletedAt: number | null;
  reason: string | null;
}

/** What the service has said that it did for a caller; `unknown` when its answer was lost. */
export interface Promised {
  stopped: boolean | "unknown";
  deleted: boolean | "unknown";
}

const BEGINNINGS: readonly string[] = ["SCHEDULED", "STARTED", "STARTING"];
const NEXT: Readonly<Record<string, readonly string[]>> = {
  SCHEDULED: ["STARTED", "FAILED"],
  STARTED: ["STARTING", "FAILED"],
  STARTING: ["RUNNING", "FAILED"],
  RUNNING: ["STOPPING", "FAILED"],
  STOPPING: ["DONE", "FAILED"],
};
const ENDS: readonly string[] = ["DONE", "FAILED"];
const SERVICE: readonly string[] = ["runner", "cleanup"];

/** What is wrong with a capture and its history, oldest transition first; empty when nothing is. */
export function violations(capture: Left, history: readonly Move[], promised: Promised): string[] {
  return [
    ...wrongMoves(history),
    ...earlyMoves(capture, history),
    ...wrongEnd(capture, history),
    ...brokenPromises(capture, history, promised),
  ];
}

/** Transitions that are lost, repeated or illegal. */
function wrongMoves(history: readonly Move[]): string[] {
  const wrong: string[] = [];
  const seen = new Set<string>();
  let status: string | null = null;
  for (const { from, to } of history) {
    const name = `${from ?? "nothing"} to ${to}`;
    const isLegal = from === null ? BEGINNINGS.includes(to) : NEXT[from]?.includes(to) === true;
    if (seen.has(name)) wrong.push(`the move from ${name} is repeated`);
    else if (!isLegal) wrong.push(`the move from ${name} is illegal`);
    else if (from !== status) wrong.push(`a move is lost before that from ${name}: it was ${status}`);
    seen.add(name);
    status = to;
  }
  return wrong;
}

/** Transitions by the service that came too early. */
function earlyMoves({ scheduledStart, scheduledEnd }: Left, history: readonly Move[]): string[] {
  return history.flatMap(({ time, from, to, actor, reason }) => {
    if (!SERVICE.includes(actor)) return [];
    const isStart = from === "SCHEDULED" && to === "STARTED";
    // A capture that is ended at its limit of bytes has a reason.
    const isEnd = from === "RUNNING" && to === "STOPPING" && reason === null;
    const due = isStart ? scheduledStart : isEnd ? scheduledEnd : time;
    if (due === null) return [`it moved to ${to}, which nothing called for`];
    return time < due ? [`it moved to ${to} ${due - time} ms early`] : [];
  });
}

/** What does not fit any legal end of a capture. */
function wrongEnd({ status, start, end, scheduledEnd, reason }: Left, history: readonly Move[]): string[] {
  const wrong: string[] = [];
  const last = history.at(-1)?.to ?? "nothing";
  if (last !== status) wrong.push(`it is ${status}, but its last move was to ${last}`);
  if (!ENDS.includes(status)) wrong.push(`it has not ended but is ${status}`);
  if (status === "FAILED" && reason === null) wrong.push("it failed without a reason");
  if (status === "DONE" && (start === null || end === null))
    wrong.push("it is DONE without a start or an end");
  if (start !== null && end !== null && end < start) wrong.push("it ended before it started");
  // A failed capture that had started ends when it fails.
  if (status === "DONE" && end !== null && scheduledEnd !== null && end > scheduledEnd)
    wrong.push("it ended after its scheduled end");
  return wrong;
}

/** What a caller was told was done and was not, and the other way round. */
function brokenPromises({ deletedAt }: Left, history: readonly Move[], promised: Promised): string[] {
  const wrong: string[] = [];
  const isStopped = history.some(
    ({ to, actor, reason }) => to === "STOPPING" && !SERVICE.includes(actor) && reason === null,
  );
  if (promised.stopped !== "unknown" && promised.stopped !== isStopped)
    wrong.push(
      promised.stopped ? "a stop is lost that was answered" : "it was stopped by a request that was refused",
    );
  if (promised.deleted !== "unknown" && promised.deleted !== (deletedAt !== null))
    wrong.push(
      promised.deleted
        ? "a deletion is lost that was answered"
        : "it was deleted by a request that was refused",
    );
  return wrong;
}
