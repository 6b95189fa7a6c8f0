import { statement } from "../db/statement.ts";
import type { Env } from "../env.ts";
import { purposeOf } from "../environments/seal-keys.ts";
import { keyIds, resealText } from "../environments/sealing.ts";
import { describeError, log } from "../lib/log.ts";

/** Keys that one run reads and writes at most. */
const BATCH = 500;

/** A key of an environment's workloads, as its row has it. */
interface StoredKey {
  envId: number;
  number: number;
  sealed: string;
}

/** What one run did. */
export interface SealKeyCounts extends Record<string, number> {
  /** Sealed anew. */
  sealKeysResealed: number;
  /** Left, because they could not be opened with the key that they name. */
  sealKeysUnreadable: number;
}

const SEALED_WITH_OTHERS = statement(
  `select env_id as envId, number, sealed from seal_keys
   where substr(sealed, 1, instr(sealed, '.') - 1) <> :sealing order by env_id, number limit :limit`,
);

const REPLACE = statement(
  `update seal_keys set sealed = :after where env_id = :envId and number = :number and sealed = :before`,
);

/**
 * Seals the keys of workloads with the first of CREDENTIALS_KEYS that another one sealed, a batch of them: the next run does the rest.
 * What they have sealed stays as it is.
 */
export async function resealSealKeys(env: Env): Promise<SealKeyCounts> {
  const [sealing] = await keyIds(env);
  const { results } = await SEALED_WITH_OTHERS(env.DB, { sealing, limit: BATCH }).all<StoredKey>();
  const counts = { sealKeysResealed: 0, sealKeysUnreadable: 0 };
  const changes: D1PreparedStatement[] = [];
  for (const { envId, number, sealed: before } of results) {
    try {
      const after = await resealText(env, purposeOf(envId, number), before);
      changes.push(REPLACE(env.DB, { envId, number, before, after }));
    } catch (error) {
      counts.sealKeysUnreadable++;
      log.error("cleanup.reseal.unreadable", { envId, sealKey: number, ...describeError(error) });
    }
  }
  if (changes.length > 0) {
    const made = await env.DB.batch(changes);
    counts.sealKeysResealed = made.reduce((sum, { meta }) => sum + meta.changes, 0);
  }
  return counts;
}
