/** A rule, as local times: it knows nothing of time zones. Times are in milliseconds. */
export interface Rule extends LocalTimes {
  /** After how many occurrences, counted from its start, it is over; null for none. */
  count: number | null;
  /** The moment after which it is over; null for none. */
  until: number | null;
  /** Whether it ends by itself, by one of these or by a local time. */
  ends: boolean;
}

/** The local times of a rule. */
export interface LocalTimes {
  /** The first one after another, null when there is none before a third. */
  next: (after: number, until: number) => number | null;
  /** Those from one on and before another, but so many at most: how many they are, and the last of them. */
  tally: (from: number, until: number, most: number) => Tally;
  /** Whether it follows the hours that pass, and does not name some. */
  isEveryHour: boolean;
}

/** Some local times of a rule: how many, and the last of them, null when there are none. */
export interface Tally {
  count: number;
  last: number | null;
}

/** From when on a rule is counted, in local time, and what it leaves out is taken from. */
export interface RuleStart {
  at: number;
  /** Whether somebody has chosen it. A rule has to say days and hours by itself otherwise. */
  isGiven: boolean;
}

/** A rule can't be read. The message says why, for the person who wrote it. */
export class RuleError extends Error {
  override readonly name = "RuleError";
}
