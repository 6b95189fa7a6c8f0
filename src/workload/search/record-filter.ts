/*
 * Which records are looked for, and in which order. This knows nothing of Workers: the client is made of it, too.
 */

/** The orders in which records are given: that in which they are stored, and the other way round. */
export const RECORD_ORDERS = ["oldest", "newest"] as const;
/** Which records come first. */
export type RecordOrder = (typeof RECORD_ORDERS)[number];

/** A tag of sqlcommenter. */
export type Tag = readonly [key: string, value: string];

/** Which records somebody looks for: those that are all of what is given. */
export interface RecordFilter {
  /** Of this time: milliseconds since the epoch, `to` excluded; without bounds where undefined. */
  from: number | undefined;
  to: number | undefined;
  /** Of the statement's digest. */
  fingerprint?: string | undefined;
  user?: string | undefined;
  host?: string | undefined;
  /** The session's default database. */
  db?: string | undefined;
  /** A table that the statement reads or writes, in any case of letters, with or without its schema. */
  table?: string | undefined;
  /** Tags of sqlcommenter, all of which the statement has. */
  tags?: readonly Tag[] | undefined;
  /** As the log writes it. */
  command?: string | undefined;
  threadId?: number | undefined;
  /** A text that the statement has, in any case of letters. */
  contains?: string | undefined;
  /** Of the slow log: how long it took at least. */
  minDurationMicros?: number | undefined;
  /** Of the slow log: that it ended with an error. */
  errors?: true | undefined;
}

/** Whether a filter asks for what the slow log alone says. */
export const isOfSlowLog = ({ minDurationMicros, errors }: RecordFilter): boolean =>
  minDurationMicros !== undefined || errors !== undefined;
