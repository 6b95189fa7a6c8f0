import { GENERATED_PASSWORD as PASSWORD } from "../../../test/local-aws/logs/statements.ts";
import type { CapturedRecord } from "../demo-user.ts";
import { timeOfMicros } from "../micros.ts";

/*
 * Judges what a capture has stored by what the local AWS's clients did. A statement that they ran in the capture's window is
 * stored once and in its order, or lies within a gap that the capture reports; whether the server logged it is no excuse. Pure,
 * and nothing of the service's own: test/scripts/kill-judge.test.ts gives it recordings that are wrong in each way.
 */

/** A record as the generator says it (test/local-aws/logs/workload.ts). */
export interface GeneratedRecord {
  /** Microseconds since the epoch; whole seconds for MariaDB. */
  timeMicros: number;
  threadId: number;
  user: string;
  host: string;
  command: string;
  statement: string;
}

/** What a capture says of itself, and what it has stored. */
export interface Recording {
  /** Milliseconds since the epoch; the end is excluded. */
  start: number;
  end: number;
  /** What it says that it could not record, ISO 8601. */
  gaps: readonly { from: string; to: string }[];
  records: readonly CapturedRecord[];
}

/** What is wrong with a recording. */
export interface Verdict {
  /** How many records had to be stored and were. */
  stored: number;
  /** How many are missing within a gap that is reported. */
  excused: number;
  /** What is missing and in no gap. */
  lost: GeneratedRecord[];
  /** What is stored but was not next in the log: repeated, out of order, or altered. */
  strays: CapturedRecord[];
  /** What is stored as another's, in a session whose beginning was stored. */
  misattributed: CapturedRecord[];
  /** What is stored with a password in it. */
  leaked: CapturedRecord[];
  /** Gaps in which nothing is missing. */
  needless: { from: string; to: string }[];
}

/** Amazon's own user, whose statements are nobody's workload. */
const AMAZON = "rdsadmin";
const HEARTBEAT = "rds_heartbeat2";
const SECOND_MICROS = 1_000_000;

/** @param generated all that the instance's clients did from the second of the start on, to the end */
export function judgeRecording(generated: readonly GeneratedRecord[], recording: Recording): Verdict {
  const verdict: Verdict = {
    stored: 0,
    excused: 0,
    lost: [],
    strays: [],
    misattributed: [],
    leaked: [],
    needless: [],
  };
  const gaps = recording.gaps.map(({ from, to }) => ({
    from: Date.parse(from),
    to: Date.parse(to),
    used: 0,
  }));
  const isMissed = (record: GeneratedRecord) => gaps.some((gap) => isWithin(record, gap));
  const expected = expectedOf(generated, recording.start, isMissed);
  const miss = ({ record, isDoubtful }: Expected) => {
    if (isDoubtful) return;
    const gap = gaps.find((candidate) => isWithin(record, candidate));
    if (gap === undefined) return verdict.lost.push(record);
    gap.used++;
    return verdict.excused++;
  };
  const places = Map.groupBy(expected.keys(), (place) => (expected[place] as Expected).key);
  const began = new Set<number>();
  let next = 0;
  for (const found of recording.records) {
    if (found.statement.includes(PASSWORD)) verdict.leaked.push(found);
    const place = places.get(keyOf(found.time, found))?.find((candidate) => candidate >= next);
    if (place === undefined) {
      verdict.strays.push(found);
      continue;
    }
    for (const skipped of expected.slice(next, place)) miss(skipped);
    next = place + 1;
    verdict.stored++;
    const { record } = expected[place] as Expected;
    if (record.command === "Connect") began.add(record.threadId);
    // Of a session that is older than what was read of the log, nobody knows whose it is.
    const isKnown = began.has(record.threadId) || found.user !== null;
    if (isKnown && (found.user !== record.user || found.host !== record.host)) {
      verdict.misattributed.push(found);
    }
  }
  for (const missing of expected.slice(next)) miss(missing);
  verdict.needless = recording.gaps.filter((_, i) => gaps[i]?.used === 0);
  return verdict;
}

interface Expected {
  record: GeneratedRecord;
  key: string;
  /** May be stored or not. */
  isDoubtful: boolean;
}

/**
 * What is to be stored. Amazon's own records are not, once their session has given itself away by its beginning or its
 * heartbeat where that could be read; until then they may be. So may be MariaDB's of the second in which the capture started.
 */
function expectedOf(
  generated: readonly GeneratedRecord[],
  start: number,
  isMissed: (record: GeneratedRecord) => boolean,
): Expected[] {
  const amazons = new Set<number>();
  return generated.flatMap((record): Expected[] => {
    const { threadId, user, command, statement, timeMicros } = record;
    const key = keyOf(timeOfMicros(timeMicros), record);
    if (user !== AMAZON) return [{ record, key, isDoubtful: timeMicros < start * 1000 }];
    const isTold = command === "Connect" || statement.includes(HEARTBEAT);
    if (isTold && !isMissed(record)) amazons.add(threadId);
    return amazons.has(threadId) ? [] : [{ record, key, isDoubtful: true }];
  });
}

/** What two records have in common that are the same; of one with a password, only what comes before that. */
function keyOf(
  time: string,
  { threadId, command, statement }: Pick<GeneratedRecord, "threadId" | "command" | "statement">,
): string {
  return `${time} ${threadId} ${command} ${statement.replace(SECRET, "")}`;
}

/** A password, or its marker, and all that follows. */
const SECRET = new RegExp(` *=? *(PASSWORD\\()?["']?(<secret>|${PASSWORD}).*$`, "s");

/** Whether a gap has a record's time: of MariaDB's any part of its second. Gaps are in whole milliseconds. */
function isWithin({ timeMicros }: GeneratedRecord, { from, to }: { from: number; to: number }): boolean {
  const first = Math.floor(timeMicros / 1000);
  const last = timeMicros % SECOND_MICROS === 0 ? first + 999 : first;
  return from <= last && first <= to;
}
