import { alternate, type Comparison, type Side } from "../alternate.ts";
import type { Database } from "../database.ts";
import { Client, type Sent } from "../load.ts";
import type { Bench, Measure } from "../measure.ts";
import { type Caller, migrate, seedCaptures, seedEnvironments, signUp } from "../seed.ts";
import { judged, type Row } from "../table.ts";
import { Workerd } from "../workerd.ts";

const CONNECTIONS = 16;
/** Captures that a slice of stops can stop: more than it comes to. */
const RUNNING = 4000;
const SEEDED = 1000;
/** The environments of captures that are stopped, and of those that are made. */
const RUNS_IN = 2;
const MADE_IN = 3;

/** What differs from reply to reply, or with the address. */
const VARYING = ["date", "x-request-id", "x-d1-bookmark", "etag", "content-length", "link"];

/**
 * Requests of the API for each of a bare Worker's (bench/worker/bare.ts) that runs the same statements. Reading is judged by CPU time,
 * since there the bare Worker makes the same promises and the two are close; what is written, by the rate.
 */
export const requests: Measure = {
  name: "requests",
  async run(bench: Bench): Promise<Row[]> {
    const { workerd, clients, kinds, stop } = await startBoth(bench);
    try {
      const rows: Row[] = [];
      for (const kind of kinds) {
        const { measure, atLeast, isByCpu, next, prepare } = kind;
        const side = (client: Client): Side => ({
          load: (milliseconds) => client.load(milliseconds, next),
          prepare,
        });
        await sameReplies(clients, kind);
        const size = bench.isQuick ? { rounds: 3, sliceMs: 150 } : { rounds: 31, sliceMs: 400 };
        const comparison = await alternate(workerd, side(clients.api), side(clients.bare), size);
        const ratio = isByCpu ? comparison.cpuRatio : comparison.ratio;
        rows.push(judged(measure, ratio, { atLeast }, { more: describe(comparison, isByCpu) }));
      }
      return rows;
    } finally {
      await stop();
    }
  },
};

/** The API and the bare Worker on one database, and what to ask them. */
export interface Both {
  workerd: Workerd;
  clients: Record<"api" | "bare", Client>;
  kinds: Kind[];
  stop(): Promise<void>;
}

/** Starts both, with somebody who is signed in and captures to ask about. */
export async function startBoth(bench: Bench): Promise<Both> {
  const databases = { DB: "requests" };
  const runner = { className: "QuietRunner", scriptName: "bare" };
  const [api, bare] = await Promise.all([
    bench.bundled("src/index.ts"),
    bench.bundled("bench/worker/bare.ts"),
  ]);
  const workerd = await Workerd.start(
    [
      { name: "api", bundle: api, databases, runner },
      { name: "bare", bundle: bare, databases, runner: { className: "QuietRunner" } },
    ],
    bench.folder(),
    { isInspected: bench.isProfile },
  );
  const clients = {
    api: new Client(workerd.address("api"), CONNECTIONS),
    bare: new Client(workerd.address("bare"), CONNECTIONS),
  };
  const db = workerd.database("requests");
  await migrate(db);
  const caller = await signUp(clients.api);
  await seedEnvironments(db, caller, 10, MADE_IN);
  await seedCaptures(db, SEEDED, { first: 1, last: 1 });
  const running = await seedRunning(db);
  const stop = async () => {
    clients.api.close();
    clients.bare.close();
    await workerd.stop();
  };
  return { workerd, clients, kinds: requestsOf(caller, running, db), stop };
}

/** A kind of request, and how many of the bare Worker's for each second it has to come to. */
export interface Kind {
  measure: string;
  atLeast: number;
  /** Whether seconds are those of workerd's CPU, and the bare Worker makes the same promises; else they are the clock's. */
  isByCpu: boolean;
  next(): Sent | null;
  prepare(): Promise<void>;
}

function requestsOf({ headers }: Caller, running: { first: number; count: number }, db: Database): Kind[] {
  let count = 0;
  let stopped = 0;
  const nothing = async () => {};
  const anyId = () => 1 + (count++ % SEEDED);
  const write = (method: string, path: string, body: unknown): Sent => ({
    method,
    path: `/api/captures${path}`,
    headers,
    body: JSON.stringify(body),
  });
  return [
    {
      measure: "GET one capture",
      atLeast: 0.95,
      isByCpu: true,
      next: () => ({ method: "GET", path: `/api/captures/${anyId()}`, headers }),
      prepare: nothing,
    },
    {
      measure: "GET a list of 100",
      atLeast: 0.95,
      isByCpu: true,
      next: () => ({ method: "GET", path: "/api/captures?envId=1&limit=100", headers }),
      prepare: nothing,
    },
    {
      measure: "POST",
      atLeast: 0.85,
      isByCpu: false,
      next: () => {
        const scheduledStart = new Date(Date.now() + 3_600_000).toISOString();
        return write("POST", "", { name: `made ${count++}`, envId: MADE_IN, scheduledStart, duration: 3600 });
      },
      // The statement counts the captures of the environment that are live.
      prepare: async () => {
        await db.batch(
          ["delete from capture_events where capture_id in", "delete from captures where id in"].map(
            (sql) => ({
              sql: `${sql} (select id from captures where env_id = ?1)`,
              values: [MADE_IN],
            }),
          ),
        );
      },
    },
    {
      measure: "PUT",
      atLeast: 0.85,
      isByCpu: false,
      next: () => write("PUT", `/${anyId()}`, { name: `renamed ${count}` }),
      prepare: nothing,
    },
    {
      measure: "stop",
      atLeast: 0.85,
      isByCpu: false,
      next: () =>
        stopped < running.count
          ? { method: "POST", path: `/api/captures/${running.first + stopped++}/stop`, headers }
          : null,
      prepare: async () => {
        stopped = 0;
        await db.batch([
          { sql: "delete from capture_events where capture_id >= ?1", values: [running.first] },
          {
            sql: "update captures set status = 'RUNNING', ended_at = null, due_at = null where env_id = ?1",
            values: [RUNS_IN],
          },
        ]);
      },
    },
  ];
}

/** Makes captures that can be stopped, in an environment of their own. */
async function seedRunning(db: Database): Promise<{ first: number; count: number }> {
  await seedCaptures(db, RUNNING, { first: RUNS_IN, last: RUNS_IN });
  const [found] = await db.run<{ first: number; count: number }>(
    "select min(id) as first, count(*) as count from captures where env_id = ?1",
    RUNS_IN,
  );
  if (found === undefined) throw new Error("No running captures were made");
  return found;
}

/** Makes sure that both sides answer with the same fields, and headers: a bare Worker that does less would be no measure. */
async function sameReplies(
  clients: Record<"api" | "bare", Client>,
  { measure, isByCpu, next, prepare }: Kind,
): Promise<void> {
  await prepare();
  const shapes = [];
  for (const client of [clients.api, clients.bare]) {
    const { status, headers, text } = await client.send(next() as Sent);
    const reply: object | object[] = JSON.parse(text);
    const fields = [Array.isArray(reply) ? reply.length : 1, Object.keys([reply].flat()[0] ?? {})];
    const said = Object.entries(headers).map(([name, value]) => [name, VARYING.includes(name) ? "" : value]);
    shapes.push(JSON.stringify([status, fields, isByCpu ? said.sort() : []]));
  }
  if (shapes[0] !== shapes[1])
    throw new Error(`${measure}: the API answers ${shapes[0]}, the bare Worker ${shapes[1]}`);
}

function describe({ ratio, spread, cpuRatio, first, second }: Comparison, isByCpu: boolean): string {
  const [low, high] = spread.map((value) => value.toFixed(2));
  const rate = isByCpu ? `by rate ${ratio.toFixed(2)}, ` : "";
  const cpu = isByCpu ? "" : `by CPU time ${cpuRatio.toFixed(2)}; `;
  return `${rate}middle half ${low} to ${high}; ${cpu}${first.toFixed(0)} to ${second.toFixed(0)} requests/s`;
}
