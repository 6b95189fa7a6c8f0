import type { Cost } from "../../test/support/cost.ts";
import { alternate } from "../alternate.ts";
import { Client } from "../load.ts";
import type { Bench, Measure } from "../measure.ts";
import { type Caller, migrate, seedCaptures, seedEnvironments, signUp } from "../seed.ts";
import { judged, type Row } from "../table.ts";
import { Workerd } from "../workerd.ts";

const ENVIRONMENTS = 1000;
/** The caller's environments, which have the same in every database: only what is others' grows. */
const MINE = 5;
const CAPTURES_EACH = 60;
const PAGE = 50;
const CONNECTIONS = 4;

interface Size {
  captures: number;
  name: string;
  address: string;
  caller: Caller;
  /** The caller's first capture; there are `MINE * CAPTURES_EACH` with the ids that follow. */
  firstId: number;
}

/** Whether what a request costs grows with the table: rows that D1 reads, and time. */
export const growth: Measure = {
  name: "growth",
  async run(bench: Bench): Promise<Row[]> {
    const counts = bench.isQuick ? [1000, 10_000] : [1000, 100_000, 1_000_000];
    const [api, lab] = await Promise.all([
      bench.bundled("src/index.ts"),
      bench.bundled("bench/worker/lab.ts"),
    ]);
    const workers = counts.flatMap((captures) => {
      const databases = { DB: `captures-${captures}` };
      return [
        { name: `api-${captures}`, bundle: api, databases },
        { name: `lab-${captures}`, bundle: lab, databases },
      ];
    });
    const workerd = await Workerd.start(workers, bench.folder());
    try {
      const sizes: Size[] = [];
      for (const captures of counts) sizes.push(await seed(workerd, captures));
      return [...(await rowsRead(workerd, sizes)), ...(await times(bench, workerd, sizes))];
    } finally {
      await workerd.stop();
    }
  },
};

async function seed(workerd: Workerd, captures: number): Promise<Size> {
  const name = `api-${captures}`;
  const database = workerd.database(`captures-${captures}`);
  await migrate(database);
  const client = new Client(workerd.address(name), 1);
  const caller = await signUp(client);
  client.close();
  await seedEnvironments(database, caller, ENVIRONMENTS, MINE);
  const others = captures - MINE * CAPTURES_EACH;
  const before = Math.floor(others / 2);
  const elsewhere = { first: MINE + 1, last: ENVIRONMENTS };
  await seedCaptures(database, before, elsewhere);
  await seedCaptures(database, MINE * CAPTURES_EACH, { first: 1, last: MINE });
  await seedCaptures(database, others - before, elsewhere);
  return { captures, name, address: workerd.address(name), caller, firstId: before + 1 };
}

const kinds = [
  {
    measure: "one capture",
    path: ({ firstId }: Size, i: number) => `/${firstId + (i % (MINE * CAPTURES_EACH))}`,
  },
  { measure: `a page of ${PAGE} of one environment`, path: () => `?envId=1&limit=${PAGE}` },
  { measure: `a page of ${PAGE} across ${MINE} environments`, path: () => `?limit=${PAGE}` },
];

async function rowsRead(workerd: Workerd, sizes: readonly Size[]): Promise<Row[]> {
  const table: number[][] = [];
  for (const { path } of kinds) {
    const costs: number[] = [];
    for (const size of sizes) {
      const address = workerd.address(`lab-${size.captures}`);
      const reply = await fetch(`${address}/api/captures${path(size, 0)}`, { headers: size.caller.headers });
      const body: unknown = await reply.json();
      if (!reply.ok || (Array.isArray(body) && body.length !== PAGE)) {
        throw new Error(`A request answered ${reply.status} ${JSON.stringify(body).slice(0, 300)}`);
      }
      costs.push((JSON.parse(reply.headers.get("x-bench-cost") ?? "") as Cost).rowsRead);
    }
    table.push(costs);
  }
  const counts = sizes.map(({ captures }) => captures.toLocaleString("en")).join(" / ");
  // Across environments, it may be as much as the caller's own make it.
  const limits = [10, 4 * PAGE, null];
  return kinds.map(({ measure }, i) => {
    const costs = table[i] as number[];
    const limit = limits[i] ?? null;
    return {
      measure: `rows read at ${counts} captures: ${measure}`,
      figure: costs.join(" / "),
      target: limit === null ? "the same" : `the same, at most ${limit}`,
      isMet: new Set(costs).size === 1 && Math.max(...costs) <= (limit ?? Number.POSITIVE_INFINITY),
    };
  });
}

async function times(bench: Bench, workerd: Workerd, sizes: readonly Size[]): Promise<Row[]> {
  const [small, large] = [sizes[0] as Size, sizes.at(-1) as Size];
  const rows: Row[] = [];
  for (const { measure, path } of kinds) {
    const side = (size: Size) => {
      const client = new Client(size.address, CONNECTIONS);
      let i = 0;
      const next = () => ({
        method: "GET",
        path: `/api/captures${path(size, i++)}`,
        headers: size.caller.headers,
      });
      return { client, load: (milliseconds: number) => client.load(milliseconds, next) };
    };
    const [first, second] = [side(small), side(large)];
    const size = bench.isQuick ? { rounds: 3, sliceMs: 150 } : { rounds: 21, sliceMs: 300 };
    // As many times more requests as the small one answers, as many times longer the large one takes.
    const { ratio, spread } = await alternate(workerd, first, second, size);
    first.client.close();
    second.client.close();
    const more = `middle half ${spread.map((value) => value.toFixed(2)).join(" to ")}`;
    const counts = `${large.captures.toLocaleString("en")} captures against ${small.captures.toLocaleString("en")}`;
    rows.push(judged(`time at ${counts}: ${measure}`, ratio, { atMost: 1.2 }, { more }));
  }
  return rows;
}
