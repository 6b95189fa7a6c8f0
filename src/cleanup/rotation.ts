import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import type { Env } from "../env.ts";
import { reseal } from "../environments/credentials.ts";
import { keyIds } from "../environments/sealing.ts";
import { describeError, log } from "../lib/log.ts";
import { resealTarget } from "../webhooks/target.ts";

/** Rows that are read and written at once, and how often one run does so. */
const BATCH = 100;
const MAX_BATCHES = 20;

/** Something that is sealed, as its row has it. */
interface SealedRow {
  id: number;
  envId: number;
  sealed: string;
}

/** What one run did, of credentials and of webhooks' targets together. */
export interface ResealCounts extends Record<string, number> {
  /** Sealed anew. */
  resealed: number;
  /** Left, because somebody else changed them meanwhile. */
  changed: number;
  /** Left, because they could not be opened with the key that they name. */
  unreadable: number;
  /** Of all that there are, those that name a key which CREDENTIALS_KEYS does not have. */
  withoutKey: number;
}

/** Where something sealed is, and how it is sealed anew. */
const PLACES = [
  { ...statementsOf("environments", "credentials", "id"), what: "credentials", reseal },
  { ...statementsOf("webhooks", "target", "env_id"), what: "webhook", reseal: resealTarget },
];

type Place = (typeof PLACES)[number];

/**
 * Seals with the first of CREDENTIALS_KEYS what one of the others sealed, in bounded batches: the next run does the rest. Once nothing
 * is left, the other keys can be dropped.
 */
export async function resealCredentials(env: Env): Promise<ResealCounts> {
  const { DB } = env;
  const [sealing, ...older] = await keyIds(env);
  const counts = { resealed: 0, changed: 0, unreadable: 0, withoutKey: 0 };
  for (const place of PLACES) {
    if (older.length > 0) await resealPlace(env, place, older, counts);
    counts.withoutKey += await countOthers(DB, place, [sealing, ...older]);
  }
  if (counts.withoutKey > 0) log.error("cleanup.reseal.keyless", { rows: counts.withoutKey });
  return counts;
}

async function resealPlace(
  env: Env,
  place: Place,
  older: readonly string[],
  counts: ResealCounts,
): Promise<void> {
  let after = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const found = await sealedWith(env.DB, place, older, after, BATCH);
    const renewed: Renewed[] = [];
    for (const { id, envId, sealed } of found) {
      try {
        renewed.push({ id, before: sealed, after: await place.reseal(env, envId, sealed) });
      } catch (error) {
        counts.unreadable++;
        log.error("cleanup.reseal.unreadable", { what: place.what, id, envId, ...describeError(error) });
      }
    }
    const written = await replaceSealed(env.DB, place, renewed);
    counts.resealed += written;
    counts.changed += renewed.length - written;
    after = found.at(-1)?.id ?? after;
    if (found.length < BATCH) return;
  }
}

/** The statements of a table's sealed column. The id of the key that sealed a text is what is before its first dot. */
function statementsOf(table: string, column: string, envId: string) {
  const keyId = `substr(${column}, 1, instr(${column}, '.') - 1)`;
  return {
    find: statement(
      `select id, ${envId} as envId, ${column} as sealed from ${table}
       where id > :after and ${keyId} in (select value from json_each(:keys)) order by id limit :limit`,
    ),
    replace: statement(
      `update ${table} set ${column} = new.value ->> 'after' from json_each(:renewed) new
       where ${table}.id = new.value ->> 'id' and ${table}.${column} = new.value ->> 'before'`,
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

/** Counts what was sealed with none of some keys. */
async function countOthers(db: Db, place: Place, keys: readonly string[]): Promise<number> {
  return (await place.countOthers(db, { keys: JSON.stringify(keys) }).first<number>("n")) ?? 0;
}
