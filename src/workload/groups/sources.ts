import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import type { Figures } from "../timing/figures.ts";
import { Groups } from "./groups.ts";
import { type Collected, Pending } from "./pending.ts";

/*
 * Who ran a workload's statements, and from where.
 */

/** Whose a statement is. Null where the log does not say it; an anonymous user has the name "". */
export interface Whose {
  readonly user: string | null;
  readonly host: string | null;
  /** The session's default database, as far as it is known. */
  readonly db: string | null;
}

/** Nobody that the log names. */
export const NOBODY: Whose = Object.freeze({ user: null, host: null, db: null });

const nameSchema = lazy(() => z.string().nullable());

/** Sources as they are stored: user, host and database of each. */
export const sourcesSchema = lazy(() => z.array(z.tuple([nameSchema(), nameSchema(), nameSchema()])));

/** Sources in JSON. */
export type SourcesState = z.output<ReturnType<typeof sourcesSchema>>;

/** A user at a host, in a database: the same object whenever it is seen again, if it is kept. */
export interface Source extends Whose, Collected {
  /** Its place among those that are kept; -1 for one that is not. */
  readonly index: number;
}

/** How many sources are kept, those that were seen first: a digest that others ran says only how often. */
export const MAX_SOURCES = 2000;
/** How many threads' sources are found without looking at their names twice. A power of two. */
const RECENT = 4096;

/** The sources of a workload, and its figures by user and by host. */
export class Sources {
  readonly users = new Groups();
  readonly hosts = new Groups();
  readonly #kept: Source[] = [];
  readonly #byUser = new Map<string | null, Map<string | null, Map<string | null, Source>>>();
  /** Of each thread the source that it had last. Threads share places. */
  readonly #recent: (Source | undefined)[] = new Array(RECENT);
  readonly #pending = new Pending<Source>(({ user, host }, figures) => {
    this.users.add(user, figures);
    this.hosts.add(host, figures);
  });

  /** The source of a thread's statement. */
  of(threadId: number, { user, host, db }: Whose): Source {
    const recent = this.#recent[threadId & (RECENT - 1)];
    if (recent !== undefined && recent.user === user && recent.host === host && recent.db === db) {
      return recent;
    }
    const source = this.find(user, host, db);
    this.#recent[threadId & (RECENT - 1)] = source;
    return source;
  }

  /** The source with these names. */
  find(user: string | null, host: string | null, db: string | null): Source {
    return this.#byUser.get(user)?.get(host)?.get(db) ?? this.#add(user, host, db);
  }

  #add(user: string | null, host: string | null, db: string | null): Source {
    const index = this.#kept.length < MAX_SOURCES ? this.#kept.length : -1;
    const source = { user: own(user), host: own(host), db: own(db), index, pending: null, isWaiting: false };
    if (index < 0) return source;
    this.#kept.push(source);
    const ofUser = mapIn(this.#byUser, source.user);
    mapIn(ofUser, source.host).set(source.db, source);
    return source;
  }

  /** The figures to which those of a source's statement are added. */
  figuresOf(source: Source): Figures {
    return this.#pending.of(source);
  }

  /** Completes the figures by user and by host. */
  flush(): void {
    this.#pending.flush();
  }

  toJSON(): SourcesState {
    return this.#kept.map(({ user, host, db }) => [user, host, db]);
  }
}

/** A copy: a part of a string would keep the block of the log around it in memory. */
const own = (name: string | null): string | null => JSON.parse(JSON.stringify(name));

/** The map at a place of another one, made if there is none. */
function mapIn<K, V>(maps: Map<K, Map<K, V>>, key: K): Map<K, V> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}
