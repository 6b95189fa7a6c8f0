import { choosesDatabase } from "../../sql-text/session-settings.ts";
import type { StatementStep } from "./step.ts";
import type { StepQueue } from "./step-queue.ts";

/*
 * Which steps of a session may be sent before the answers to those before them are there: texts, none of which decides how a later one
 * is to be sent. Whatever else a statement sets up is the server's, which runs them in their order.
 */

/** So many at a time. With more, an interruption or a lost connection leaves more without an answer, to no gain. */
const MAX_STEPS = 64;
/** A longer text is sent alone, and so much of texts goes at a time; in UTF-16 code units. */
const MAX_TEXT = 32 * 1024;

/**
 * Takes the steps from a queue that can be sent with one that was taken from it.
 * @param db the connection's default database; undefined where it is not known
 * @returns all of them, the given one first
 */
export function takeAlong(
  first: StatementStep,
  queue: StepQueue,
  db: string | null | undefined,
): StatementStep[] {
  const steps = [first];
  let last = first;
  let length = first.sql.length;
  while (steps.length < MAX_STEPS && !endsPipeline(last)) {
    const next = queue.peek();
    if (next?.kind !== "query" || next.parts !== undefined) break;
    // Another database has to be chosen first.
    if (next.db !== undefined && next.db !== db) break;
    length += next.sql.length;
    if (length > MAX_TEXT) break;
    queue.shift();
    steps.push(next);
    last = next;
  }
  return steps;
}

/** Whether what comes behind a step depends on its answer: which part is next, or which database is chosen. */
function endsPipeline({ kind, sql, parts }: StatementStep): boolean {
  return kind !== "query" || parts !== undefined || sql.length > MAX_TEXT || choosesDatabase(sql);
}
