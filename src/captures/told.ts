import type { Status } from "../db/states.ts";
import { EVENT_OF } from "../webhooks/events.ts";
import { outboxSql } from "../webhooks/outbox.ts";

/*
 * What webhooks are told of a transition: that a capture has started, is done or has failed, and, of one that is to be compared,
 * which of its statements are new. Of a deleted one they are told nothing.
 */

/** Whether webhooks are told of captures that come to a state. */
export const isTold = (to: Status): boolean => EVENT_OF[to] !== undefined;

/** The event of the state `c.told_to`; null where nothing is told. */
const TYPE = `case c.told_to ${Object.entries(EVENT_OF)
  .map(([status, type]) => `when '${status}' then '${type}'`)
  .join(" ")} end`;

/**
 * The capture that `c` is compared with: the last finished one before it of its schedule, if that compares; or else of those with the
 * same label `baseline`.
 */
const BASE_ID = `coalesce(
  (select b.id from schedules s join captures b on b.schedule_id = s.id where s.id = c.schedule_id and s.compares = 1
    and b.deleted_at is null and b.occurrence < c.occurrence and b.status = 'DONE' order by b.occurrence desc limit 1),
  (select b.id from captures b where b.env_id = c.env_id and b.deleted_at is null and b.status = 'DONE'
    and b.begins_at < c.begins_at and b.labels ->> '$.baseline' = c.labels ->> '$.baseline' order by b.begins_at desc limit 1))`;

/** A transition, as SQL over the captures' rows as they were; see transitions.ts. */
interface ToldSql {
  to: string;
  reason: string;
  counts: string;
  set: Record<string, string>;
  /** The clauses that give the rows. */
  rows: string;
}

/** The SQL of the statements that write the events of a transition, in the order in which they are delivered. */
export function toldSql({ to, reason, counts, set, rows }: ToldSql): string[] {
  const { started_at = "started_at", ended_at = "ended_at" } = set;
  const captures = `select captures.*, ${to} as told_to, ${reason} as told_reason, ${started_at} as told_start,
    ${ended_at} as told_end ${rows} and captures.deleted_at is null`;
  const times = { start: "c.told_start", end: "c.told_end", captures };
  return [
    outboxSql({
      ...times,
      type: { expression: TYPE },
      more: `json_object('reason', c.told_reason, 'counts', json(${counts}))`,
    }),
    outboxSql({
      ...times,
      type: "statement.new",
      more: "(select json_object('base', json_object('id', b.id, 'name', b.name)) from captures b where b.id = c.base_id)",
      where: "c.told_to = 'DONE' and c.base_id is not null",
      captures: `select c.*, ${BASE_ID} as base_id from (${captures}) c`,
    }),
  ];
}
