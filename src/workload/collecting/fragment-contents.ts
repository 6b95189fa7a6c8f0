import type { StatementTables } from "../../sql-text/tables.ts";
import { tagsOf } from "../../sql-text/tags.ts";
import type { Whose } from "../groups/sources.ts";
import type { TagSet } from "../groups/tags.ts";
import { Summary, type SummaryKind } from "../stored/summary.ts";
import type { Counted } from "../timing/series.ts";

/** How many threads are remembered whose names are in the summary. A power of two; threads share places. */
const RECENT = 1024;

/** Whose statements a thread last ran. */
interface Session extends Whose {
  threadId: number;
}

/**
 * What the records have that are added to a fragment, for its metadata. Most records have nothing that those before did not have: that is
 * found out by comparing, and only what is new is hashed.
 */
export class FragmentContents {
  readonly summary: Summary;
  /** Of the slow log: how long the longest statement took, and how many ended with an error. */
  longestMicros: number | null = null;
  errors: number | null = null;
  readonly #sessions: (Session | undefined)[] = new Array(RECENT);
  #lastTags: TagSet | null = null;

  /** @param kinds what is added of every record */
  constructor(kinds: Iterable<SummaryKind>) {
    this.summary = new Summary(kinds);
  }

  /** A record is of this thread, and of this user. */
  addSession(threadId: number, { user, host, db }: Whose): void {
    const at = threadId & (RECENT - 1);
    const known = this.#sessions[at];
    const isSame = known?.threadId === threadId;
    if (isSame && known.user === user && known.host === host && known.db === db) return;
    const { summary } = this;
    if (!isSame) summary.add("thread", String(threadId));
    if (user !== null) summary.add("user", user);
    if (host !== null) summary.add("host", host);
    if (db !== null) summary.add("db", db);
    this.#sessions[at] = { threadId, user, host, db };
  }

  /**
   * A record ran a statement that was counted.
   * @param tables its own, if they may be others than those of its digest
   */
  addStatement(counted: Counted, tags: TagSet | null, tables: StatementTables | null): void {
    if (tags !== null && tags !== this.#lastTags) {
      this.#lastTags = tags;
      for (const { key, value } of tags.tags) this.summary.add("tag", `${key}=${value}`);
    }
    if (tables !== null) this.#addTables(tables);
    if (counted.addedTo === this) return;
    counted.addedTo = this;
    this.summary.add("fingerprint", counted.fingerprint);
    this.#addTables(counted.tables);
  }

  #addTables({ reads, writes }: StatementTables): void {
    for (const table of reads) this.summary.add("table", table);
    for (const table of writes) this.summary.add("table", table);
  }

  /** A record has a text of which nothing was counted, such as a Prepare. */
  addUncounted(statement: string): void {
    for (const [key, value] of tagsOf(statement)) this.summary.add("tag", `${key}=${value}`);
  }

  /** A record of the slow log took so long, and may have ended with an error. */
  addTimed(durationMicros: number, errno: number | undefined): void {
    if (durationMicros > (this.longestMicros ?? -1)) this.longestMicros = durationMicros;
    this.errors = (this.errors ?? 0) + (errno === undefined || errno === 0 ? 0 : 1);
  }
}
