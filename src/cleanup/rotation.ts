import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import type { Env } from "../env.ts";
import { reseal } from "../environments/credentials.ts";
import { purposeOf } from "../environments/seal-keys.ts";
import { keyIds, resealText } from "../environments/sealing.ts";
import { describeError, log } from "../lib/log.ts";
import { resealTarget } from "../webhooks/target.ts";
import type { Job, Part } from "./unfinished.ts";

/** Rows that are read and written at once, and how often one run does so. */
const BATCH = 100;
const MAX_BATCHES = 20;

/** Something that is sealed, as its row has it. */
interface SealedRow {
  id: number;
  envId: number;
  /** Of a key of workloads: which of the environment's it is. */
  number: number;
  sealed: string;
}

/** What a part did. */
export interface ResealCounts extends Record<string, number> {
  /** Sealed anew. */
  resealed: number;
  /** Left, because somebody else changed them meanwhile. */
  changed: number;
  /** Left, because they could not be opened with the key that they name. */
  unreadable: number;
}

/** Where something sealed is, and how it is sealed anew. */
const PLACES = [
  {
    ...statementsOf("environments", "credentials", { envId: "id" }),
    what: "credentials",
    reseal: (env: Env, { envId, sealed }: SealedRow) => reseal(env, envId, sealed),
  },
  {
    ...statementsOf("webhooks", "target", {}),
    what: "webhook",
    reseal: (env: Env, { envId, sealed }: SealedRow) => resealTarget(env, envId, sealed),
  },
  {
    ...statementsOf("seal_keys", "sealed", { id: "rowid", number: "number" }),
    what: "sealKey",
    reseal: (env: Env, { envId, number, sealed }: SealedRow) =>
      resealText(env, purposeOf(envId, number), sealed),
  },
];

type Place = (typeof PLACES)[number];

/**
 * The jobs that seal with the first of CREDENTIALS_KEYS what one of the others sealed. Each goes on after what it has looked at, so that
 * those that can't be opened, however many, don't keep it from the rest. Once nothing is left, the other keys can be dropped.
 */
export const RESEAL_JOBS: Readonly<Record<string, Job>> = Object.fromEntries(
  PLACES.map((place) => [`reseal.${place.what}`, (env, _, after) => resealPlace(env, place, after)]),
);

/** Counts what names a key that CREDENTIALS_KEYS does not have. */
export async function countKeyless(env: Env): Promise<number> {
  const keys = JSON.stringify(await keyIds(env));
  const counts = await Promise.all(
    PLACES.map((place) => place.countOthers(env.DB, { keys }).first<number>("n")),
  );
  const rows = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  if (rows > 0) log.error("cleanup.reseal.keyless", { rows });
  return rows;
}

async function resealPlace(env: Env, place: Place, start: number): Promise<Part> {
  const [, ...older] = await keyIds(env);
  const counts: ResealCounts = { resealed: 0, changed: 0, unreadable: 0 };
  let after = start;
  for (let batch = 0; batch < MAX_BATCHES && older.length > 0; batch++) {
    const found = await sealedWith(env.DB, place, older, after, BATCH);
    const renewed: Renewed[] = [];
    for (const row of found) {
      try {
        renewed.push({ id: row.id, before: row.sealed, after: await place.reseal(env, row) });
      } catch (error) {
        counts.unreadable++;
        const { envId, number } = row;
        const which = place.what === "sealKey" ? { sealKey: number } : { id: row.id };
        log.error("cleanup.reseal.unreadable", {
          what: place.what,
          ...which,
          envId,
          ...describeError(error),
        });
      }
    }
    const written = await replaceSealed(env.DB, place, renewed);
    counts.resealed += written;
    counts.changed += renewed.length - written;
    after = found.at(-1)?.id ?? after;
    if (found.length < BATCH) return { counts, next: null };
  }
  return { counts, next: older.length > 0 ? after : null };
}

/** The statements of a table's sealed column. The id of the key that sealed a text is what is before its first dot. */
function statementsOf(
  table: string,
  column: string,
  { id = "id", envId = "env_id", number = "0" }: { id?: string; envId?: string; number?: string },
) {
  const keyId = `substr(${column}, 1, instr(${column}, '.') - 1)`;
  return {
    find: statement(
      `select ${id} as id, ${envId} as envId, ${number} as number, ${column} as sealed from ${table}
       where ${id} > :after and ${keyId} in (select value from json_each(:keys)) order by ${id} limit :limit`,
    ),
    replace: statement(
      `update ${table} set ${column} = new.value ->> 'after' from json_each(:renewed) new
       where ${table}.${id} = new.value ->> 'id' and ${table}.${column} = new.value ->> 'before'`,
    ),
    countOthers: statement(
      `select count(*) as n from ${table}
       where ${column} is not null and ${keyId} not in (select value from json_each(:keys))`,
    ),
  };
}

/** Finds what was sealed with one of some keys, by id. */
async function sealedWith(
  db: Db,
  { find }: Place,
  keys: readonly string[],
  after: number,
  limit: number,
): Promise<SealedRow[]> {
  const { results } = await find(db, { keys: JSON.stringify(keys), after, limit }).all<SealedRow>();
  return results;
}

/** What is to be written over what was read. */
interface Renewed {
  id: number;
  before: string;
  after: string;
}

/** Writes what was sealed anew, each only where there is still what was read. Returns how many were. */
async function replaceSealed(db: Db, { replace }: Place, renewed: readonly Renewed[]): Promise<number> {
  if (renewed.length === 0) return 0;
  const { meta } = await replace(db, { renewed: JSON.stringify(renewed) }).run();
  return meta.changes;
}
