import { readdirSync, readFileSync } from "node:fs";
import type { Database } from "./database.ts";
import type { Client } from "./load.ts";

/** Who sends the requests. */
export interface Caller {
  id: string;
  headers: Record<string, string>;
}

/** How many rows one statement makes. */
const CHUNK = 50_000;
/** When the seeded captures began: long ago, so that nothing of theirs is still pending. */
const BEGAN = Date.UTC(2026, 0, 1);

/** Makes the tables. */
export async function migrate(database: Database): Promise<void> {
  for (const file of readdirSync("migrations").filter((name) => name.endsWith(".sql"))) {
    const statements = readFileSync(`migrations/${file}`, "utf8").split("--> statement-breakpoint");
    await database.batch(statements.map((sql) => ({ sql })));
  }
}

/** Signs somebody up by the API. */
export async function signUp(client: Client, name = "Bench"): Promise<Caller> {
  const email = `${name.toLowerCase()}@example.com`;
  const reply = await fetch(`${client.address}/api/auth/sign-up/email`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, email, password: "a password to measure with" }),
  });
  if (!reply.ok) throw new Error(`Sign-up answered ${reply.status} ${await reply.text()}`);
  const { user } = (await reply.json()) as { user: { id: string } };
  const cookie = (reply.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
  return { id: user.id, headers: { cookie, "content-type": "application/json" } };
}

/** Makes environments 1 to `count`, with the caller as admin of the first `mine`. No AWS stands behind them. */
export async function seedEnvironments(
  database: Database,
  caller: Caller,
  count: number,
  mine: number,
): Promise<void> {
  const upTo = (n: number) =>
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${n})`;
  await database.batch([
    // Whose id comes after every other, for the index of members to have a row behind the caller's, whatever their id is.
    {
      sql: `insert into user (id, name, email, email_verified, created_at, updated_at)
        values ('~somebody', 'Somebody', 'somebody@example.com', 0, ?1, ?1)`,
      values: [BEGAN],
    },
    {
      sql: `insert into environments (id, name, region, instance, engine, engine_version, parameter_group, credentials_hint,
          created_at, updated_at)
        ${upTo(count)}
        select i, 'environment ' || i, 'us-east-1', 'db-' || i, 'mysql', '8.0.40', 'group-' || i, '****', ?1, ?1 from n`,
      values: [BEGAN],
    },
    {
      sql: `insert into members (env_id, user_id, role, created_at)
        ${upTo(count)} select i, iif(i <= ?1, ?2, '~somebody'), 'admin', ?3 from n`,
      values: [mine, caller.id, BEGAN],
    },
  ]);
}

/** Makes captures that have ended, spread evenly over the environments `first` to `last`. */
export async function seedCaptures(
  database: Database,
  count: number,
  { first, last }: { first: number; last: number },
): Promise<void> {
  const [highest] = await database.run<{ id: number | null }>("select max(id) as id from captures");
  const from = (highest?.id ?? 0) + 1;
  for (let at = from; at < from + count; at += CHUNK) {
    const end = Math.min(at + CHUNK, from + count) - 1;
    await database.run(
      `insert into captures (env_id, owner_id, name, region, instance, status, started_at, ended_at, scheduled_end, duration,
         created_at, metrics_archived_at)
       with recursive n(i) as (select ?1 union all select i + 1 from n where i < ?2)
       select ?3 + i % ?4, '~somebody', 'capture ' || i, 'us-east-1', 'db', 'DONE', ?5 + i, ?5 + i + 60000, ?5 + i + 60000,
         60000, ?5 + i, ?5 + i + 600000 from n`,
      ...[at, end, first, last - first + 1, BEGAN],
    );
  }
}
