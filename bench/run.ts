import { parseArgs } from "node:util";
import { createBench, type Measure } from "./measure.ts";
import { bundleSize } from "./measures/bundle.ts";
import { cloudwatch } from "./measures/cloudwatch.ts";
import { cpu } from "./measures/cpu.ts";
import { growth } from "./measures/growth.ts";
import { lateness } from "./measures/lateness.ts";
import { log } from "./measures/log.ts";
import { requests } from "./measures/requests.ts";
import { roundTrips } from "./measures/round-trips.ts";
import { machine, type Row, table } from "./table.ts";

/*
 * `npm run bench`: measures the service against its targets and prints one table. `--only NAME` measures that alone (it can be
 * given several times), BENCH_QUICK=1 less of everything. Exits with 1 only when something could not be measured.
 */

const MEASURES: readonly Measure[] = [
  requests,
  roundTrips,
  growth,
  cloudwatch,
  cpu,
  lateness,
  log,
  bundleSize,
];

const { only = [] } = parseArgs({ options: { only: { type: "string", multiple: true } } }).values;
const unknown = only.filter((name) => !MEASURES.some((measure) => measure.name === name));
if (unknown.length > 0) {
  console.error(
    `No measure is called ${unknown.join(", ")}; there are ${MEASURES.map(({ name }) => name).join(", ")}`,
  );
  process.exit(1);
}

const bench = createBench(process.env.BENCH_QUICK === "1");
const rows: Row[] = [];
let failed = 0;
for (const { name, run } of MEASURES) {
  if (only.length > 0 && !only.includes(name)) continue;
  const began = performance.now();
  try {
    rows.push(...(await run(bench)));
  } catch (error) {
    failed++;
    rows.push({ measure: name, figure: `could not be measured: ${(error as Error).message}` });
    console.error(error);
  }
  console.error(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}
console.log(
  `\n${table(rows)}\n\n${machine()}${bench.isQuick ? "\nA quick run: the figures mean little." : ""}`,
);
process.exit(failed === 0 ? 0 : 1);
