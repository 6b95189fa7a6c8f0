import { type Action, actionSql } from "../audit/actions.ts";
import { deedOfCaller, deedOfService, detailsSql } from "../audit/recording.ts";
import { toldSql } from "./told.ts";

/*
 * How a transition is written: its notes in the capture's history and in the environment's audit trail, what webhooks are told of it,
 * and the capture's new state, by one batch. Whoever makes one (creation.ts, changes.ts, runner-store.ts) does it by the statements
 * that are made here.
 *
 * What else is to be told of transitions is one more statement: it selects the same rows as the note, so that it is written exactly
 * when the transition is.
 */

/** The note of a transition, as SQL: expressions over one row for each capture that makes it. */
export interface NoteSql {
  /** What the rows call the capture. */
  capture: "c" | "captures";
  /** The state before; null for the note that the capture was made. */
  from: string;
  to: string;
  /** What the audit trail calls it. */
  action: Action;
  /** Who made it: a user's id, or which part of the service acted, `runner` or `cleanup`. */
  actor: string;
  /** Whether that is the caller, or the service. */
  by: "caller" | "service";
  /** Why, in words, or null. */
  reason: string;
  /** The `from` and `where` clauses that give the rows. */
  rows: string;
  /** What has to hold besides for it to be in the capture's history, when some captures only are changed and not moved. */
  isMove?: string;
}

/**
 * The SQL of the statements that note a transition at `:now`: the row of the audit trail, and last the event in the capture's history.
 */
export function noteSql(note: NoteSql): string[] {
  const { capture, from, to, action, actor, by, reason, rows, isMove = "true" } = note;
  const deed = {
    action: actionSql(action),
    envId: `${capture}.env_id`,
    subject: { id: `${capture}.id`, name: `${capture}.name` },
    details: detailsSql({ from, to, reason }),
    rows,
  };
  return [
    by === "caller" ? deedOfCaller(deed) : deedOfService(deed, actor),
    `insert into capture_events (capture_id, time, from_status, to_status, actor, reason)
     select ${capture}.id, :now, ${from}, ${to}, ${actor}, ${reason} ${rows} and ${isMove}`,
  ];
}

/** A transition, as SQL: conditions and expressions over the capture's row as it was. */
export interface TransitionSql extends Pick<NoteSql, "to" | "action" | "actor" | "by" | "reason" | "isMove"> {
  /** Which capture it is for, and whether it may be made. */
  where: string;
  /** What has to hold besides for it to be noted. */
  isNoted?: string;
  /** What has to hold besides for it to be made. */
  isMade?: string;
  /**
   * What it recorded, in JSON or null, where webhooks are told of the transition; absent where they are not: a deletion is nobody's
   * failure.
   */
  counts?: string;
  /** The columns that change with the state. */
  set: Record<string, string>;
  /** The columns that are returned. */
  returning?: string;
}

/**
 * The SQL of the statements that make a transition, in their order: the one that notes it, those that tell of it, and last the one
 * that changes the row. What stood in its way does so no more.
 */
export function transitionSql(transition: TransitionSql): string[] {
  const { where, isNoted = "true", isMade = "true", to, reason, counts, set, returning } = transition;
  const rows = `from captures where ${where} and ${isNoted}`;
  const changes = Object.entries(set).map(([column, expression]) => `${column} = ${expression}`);
  return [
    ...noteSql({ ...transition, capture: "captures", from: "status", rows }),
    ...(counts === undefined ? [] : toldSql({ to, reason, counts, set, rows })),
    `update captures set ${[`status = ${to}`, "obstacle = null", ...changes].join(", ")}, rearmed = 0, version = version + 1
     where ${where} and ${isMade} ${returning === undefined ? "" : `returning ${returning}`}`,
  ];
}
