import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import type { Env } from "../env.ts";
import { reseal } from "../environments/credentials.ts";
import { keyIds } from "../environments/sealing.ts";
import { describeError, log } from "../lib/log.ts";

/** Environments whose credentials are read and written at once, and how often one run does so. */
const BATCH = 100;
const MAX_BATCHES = 20;

/** The credentials of an environment, as its row has them. */
interface SealedCredentials {
  id: number;
  credentials: string;
}

/** What one run did. */
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

/**
 * Seals the credentials of environments with the first of CREDENTIALS_KEYS that one of the others sealed, in bounded batches:
 * the next run does the rest. Once nothing is left, the other keys can be dropped.
 */
export async function resealCredentials(env: Env): Promise<ResealCounts> {
  const { DB } = env;
  const [sealing, ...older] = await keyIds(env);
  const counts = { resealed: 0, changed: 0, unreadable: 0, withoutKey: 0 };
  let after = 0;
  for (let batch = 0; batch < MAX_BATCHES && older.length > 0; batch++) {
    const found = await sealedWith(DB, older, after, BATCH);
    const renewed: Renewed[] = [];
    for (const { id, credentials } of found) {
      try {
        renewed.push({ id, before: credentials, after: await reseal(env, id, credentials) });
      } catch (error) {
        counts.unreadable++;
        log.error("cleanup.reseal.unreadable", { envId: id, ...describeError(error) });
      }
    }
    const written = await replaceCredentials(DB, renewed);
    counts.resealed += written;
    counts.changed += renewed.length - written;
    after = found.at(-1)?.id ?? after;
    if (found.length < BATCH) break;
  }
  counts.withoutKey = await countOthers(DB, [sealing, ...older]);
  if (counts.withoutKey > 0) log.error("cleanup.reseal.keyless", { environments: counts.withoutKey });
  return counts;
}

/** The id of the key that sealed the credentials of a row: what is before the first dot. */
const KEY_ID = "substr(credentials, 1, instr(credentials, '.') - 1)";

const SEALED_WITH = statement(
  `select id, credentials from environments
   where id > :after and ${KEY_ID} in (select value from json_each(:keys)) order by id limit :limit`,
);

/** Finds environments whose credentials were sealed with one of some keys, by id. */
async function sealedWith(
  db: Db,
  keys: readonly string[],
  after: number,
  limit: number,
): Promise<SealedCredentials[]> {
  const values = { keys: JSON.stringify(keys), after, limit };
  const { results } = await SEALED_WITH(db, values).all<SealedCredentials>();
  return results;
}

/** Credentials to be written over those that were read. */
interface Renewed {
  id: number;
  before: string;
  after: string;
}

const REPLACE = statement(
  `update environments set credentials = new.value ->> 'after' from json_each(:renewed) new
   where environments.id = new.value ->> 'id' and environments.credentials = new.value ->> 'before'`,
);

/** Writes credentials, each only where they are still what was read. Returns how many were. */
async function replaceCredentials(db: Db, renewed: readonly Renewed[]): Promise<number> {
  if (renewed.length === 0) return 0;
  const { meta } = await REPLACE(db, { renewed: JSON.stringify(renewed) }).run();
  return meta.changes;
}

const COUNT_OTHERS = statement(
  `select count(*) as n from environments
   where credentials is not null and ${KEY_ID} not in (select value from json_each(:keys))`,
);

/** Counts environments whose credentials were sealed with none of some keys. */
async function countOthers(db: Db, keys: readonly string[]): Promise<number> {
  return (await COUNT_OTHERS(db, { keys: JSON.stringify(keys) }).first<number>("n")) ?? 0;
}
