import { callerStatement } from "../db/caller.ts";
import { hasRole } from "../db/roles.ts";
import type { AppContext } from "../http/context.ts";
import type { Reading } from "./actions.ts";
import { deedOfCaller } from "./recording.ts";

/*
 * Who read what captures have recorded. The note is in the batch that reads the capture and the permission, without which no data is
 * read: if it fails, so does the request. That batch is one round trip, but of a writing one: it goes to the database's primary, where a
 * read alone would ask the nearest replica. So each reading is noted once an hour, and this isolate remembers what it has noted: of a
 * page that polls, the first request in the hour writes, and the others read as they did.
 *
 * To note it after the reply (`waitUntil`) would cost less, but data would leave without a note whenever that write fails.
 */

/** One for each capture, user, credential, address, kind and hour. */
const NOTE = callerStatement(
  deedOfCaller(
    {
      action: ":reading",
      envId: "c.env_id",
      subject: { id: "c.id", name: "c.name" },
      rows: `from captures c where c.id in (select value from json_each(:ids)) and c.deleted_at is null and c.workload_erased_at is null
        and exists (select 1 from caller join members m on m.user_id = caller.id and m.env_id = c.env_id
          and (not :whole or ${hasRole("member")}))`,
    },
    `concat_ws(' ', :hour, :reading, c.id, (select id from caller), (select via from caller),
       (select credential_id from caller), :address)`,
  ),
);

/** What this isolate has noted; it may forget at any time. */
const noted = new Set<string>();
const MAX_NOTED = 5000;

/** A reading, and whether it is one of statements with their values, which viewers are refused. */
export interface NotedReading {
  reading: Reading;
  whole?: boolean;
}

/**
 * Reads captures for a caller, by a statement of one round trip, and notes with it that their workloads are read.
 * @param read its rows have the captures' ids as `id`, null where there is none for the caller; of a reading of statements also whether
 *   these are for the caller, as `readsStatements`
 * @returns the statement's rows
 */
export async function readNoted<
  T extends { id: number | null; readsStatements?: 0 | 1; erasedAt: number | null },
>(
  c: AppContext,
  { reading, whole = false }: NotedReading,
  ids: readonly number[],
  read: D1PreparedStatement,
  now: number,
): Promise<T[]> {
  const [db, credential] = [c.get("db"), c.get("credential")];
  const hour = new Date(now).toISOString().slice(0, "2026-11-28T18".length);
  const { kind, value, address } = credential;
  const keyOf = (id: number) => [hour, reading, id, kind, value, address].join(" ");
  if (ids.every((id) => noted.has(keyOf(id)))) return (await read.all<T>()).results;
  const note = NOTE(db, credential, now, { reading, whole: Number(whole), hour, ids: JSON.stringify(ids) });
  const [, found] = (await db.repeatable([note, read])) as [D1Result, D1Result<T>];
  if (noted.size > MAX_NOTED) noted.clear();
  // What the caller may not see was not noted either.
  for (const { id, readsStatements, erasedAt } of found.results)
    if (id !== null && erasedAt === null && (!whole || readsStatements === 1)) noted.add(keyOf(id));
  return found.results;
}
