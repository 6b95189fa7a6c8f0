import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { NO_CACHE_KEY } from "../sql-text/normalize/digest-cache-key.ts";
import { toHex } from "../sql-text/normalize/fingerprint.ts";
import { Normalizer } from "../sql-text/normalize/normalize.ts";
import { redactSecrets } from "../sql-text/redact/redact.ts";

/*
 * What Amazon's own users ran while a capture recorded: nobody's workload, so that it is left out everywhere else. Counted, so that
 * it can be seen what is missing.
 */

/** How many statements are told apart: those that were seen first. Few come again and again. */
export const MAX_AMAZON_STATEMENTS = 50;
/** The longest normalised statement that is kept, in UTF-16 units. */
const MAX_TEXT = 1024;
/** How many cache keys are kept for the statements that are told apart. */
const MAX_KEYS = 4 * MAX_AMAZON_STATEMENTS;

/** What was left out as it is stored, in a manifest. Times in microseconds. */
export const amazonSchema = lazy(() =>
  z.object({
    /** How many statements each user ran. */
    users: z.array(z.object({ user: z.string(), statements: z.number() })),
    /** The first MAX_AMAZON_STATEMENTS of them, normalised. */
    statements: z.array(
      z.object({
        user: z.string(),
        fingerprint: z.string(),
        digest: z.string(),
        count: z.number(),
        firstMicros: z.number(),
        lastMicros: z.number(),
      }),
    ),
    /** How often others ran. */
    others: z.number(),
  }),
);

/** What was left out, in JSON. */
export type AmazonState = z.output<ReturnType<typeof amazonSchema>>;

type Entry = AmazonState["statements"][number];

/** Stands for a statement that came when there was no room any more. */
const ONE_OF_OTHERS = "others";

/** Nothing was left out. */
export const NOTHING_OF_AMAZON: AmazonState = Object.freeze({ users: [], statements: [], others: 0 });

/** Made when the first statement of Amazon's comes, and kept for all captures: what it loads is released again. */
const normalizer = lazy(() => new Normalizer());

/** Counts the statements of Amazon's own users in bounded memory. */
export class AmazonStatements {
  readonly #users: Map<string, number>;
  readonly #entries: Entry[];
  /**
   * The entries by the cache key of their statements and by user, so that a statement like one before is not normalised again;
   * ONE_OF_OTHERS for a statement that has none.
   */
  readonly #known = new Map<string, Entry | typeof ONE_OF_OTHERS>();
  #others: number;

  constructor({ users, statements, others }: AmazonState) {
    this.#users = new Map(users.map(({ user, statements }) => [user, statements]));
    this.#entries = statements.map((entry) => ({ ...entry }));
    this.#others = others;
  }

  /** Counts a statement as it was logged; nothing for a comment, or an EXECUTE, whose statement has a record of its own. */
  add(user: string, statement: string, timeMicros: number): void {
    const key = normalizer().load(statement);
    const name = key === NO_CACHE_KEY ? null : `${key} ${user}`;
    const known = name === null ? undefined : this.#known.get(name);
    const entry = known ?? this.#find(user, statement, timeMicros);
    if (entry === null) return;
    if (known === undefined && name !== null) this.#remember(name, entry);
    this.#users.set(user, (this.#users.get(user) ?? 0) + 1);
    if (entry === ONE_OF_OTHERS) {
      this.#others++;
      return;
    }
    entry.count++;
    entry.firstMicros = Math.min(entry.firstMicros, timeMicros);
    entry.lastMicros = Math.max(entry.lastMicros, timeMicros);
  }

  /** The entry of a statement, made if there is room; null for no statement. */
  #find(user: string, statement: string, timeMicros: number): Entry | typeof ONE_OF_OTHERS | null {
    const normal = normalizer();
    // Literals are no part of what is kept, but a text that was cut may show one.
    normal.load(redactSecrets(statement));
    normal.normalize();
    if (normal.isEmpty || normal.isExecute) return null;
    const fingerprint = toHex(normal.high, normal.low);
    const known = this.#entries.find((one) => one.user === user && one.fingerprint === fingerprint);
    if (known !== undefined) return known;
    if (this.#entries.length >= MAX_AMAZON_STATEMENTS) return ONE_OF_OTHERS;
    const digest = normal.text().slice(0, MAX_TEXT);
    const made = { user, fingerprint, digest, count: 0, firstMicros: timeMicros, lastMicros: timeMicros };
    this.#entries.push(made);
    return made;
  }

  #remember(name: string, entry: Entry | typeof ONE_OF_OTHERS): void {
    if (this.#known.size >= MAX_KEYS) this.#known.clear();
    this.#known.set(name, entry);
  }

  toJSON(): AmazonState {
    return {
      users: [...this.#users].map(([user, statements]) => ({ user, statements })),
      statements: this.#entries.map((entry) => ({ ...entry })),
      others: this.#others,
    };
  }
}
