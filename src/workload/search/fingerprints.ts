import { type Command, runsStatement } from "../../logs/general/commands.ts";
import { runsStatement as ranAndWasTimed, type SlowRecord } from "../../logs/slow/record.ts";
import { NO_CACHE_KEY } from "../../sql-text/normalize/digest-cache-key.ts";
import { toHex } from "../../sql-text/normalize/fingerprint.ts";
import { Normalizer } from "../../sql-text/normalize/normalize.ts";
import type { StoredRecord } from "../stored/fragment-line.ts";
import type { StoredSlowRecord } from "../stored/slow-line.ts";

/** How many statements' fingerprints are remembered at once. */
const MAX_REMEMBERED = 4000;

/** A record of either log. */
export type AnyRecord = StoredRecord | StoredSlowRecord;

/** The fingerprints of records, as `Digests` counts them: as stored, or worked out where version 1 has not stored them. */
export class Fingerprints {
  readonly #normalizer = new Normalizer();
  /** By the cache keys of statements; null for what is no statement. */
  readonly #known = new Map<number, string | null>();

  /** The fingerprint of a record's statement; null when it ran none. */
  of(record: AnyRecord): string | null {
    if (record.fingerprint !== undefined) return record.fingerprint;
    if (!("log" in record)) {
      if (!runsStatement(record.command as Command)) return null;
      return this.#fingerprint(record.statement, null, record.command === "Query");
    }
    return ranAndWasTimed(record as unknown as SlowRecord)
      ? this.#fingerprint(record.statement, record.server, false)
      : null;
  }

  /** @param maySayExecute see `Digests` */
  #fingerprint(statement: string, server: "mysql" | "mariadb" | null, maySayExecute: boolean): string | null {
    const normalizer = this.#normalizer;
    const key = normalizer.load(statement, server);
    const known = key === NO_CACHE_KEY ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    normalizer.normalize();
    const isNone = normalizer.isEmpty || (maySayExecute && normalizer.isExecute);
    const fingerprint = isNone ? null : toHex(normalizer.high, normalizer.low);
    if (key !== NO_CACHE_KEY) {
      if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
      this.#known.set(key, fingerprint);
    }
    return fingerprint;
  }
}
