import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createBench, type Measure } from "./measure.ts";
import { against } from "./measures/against.ts";
import { bundleSize } from "./measures/bundle.ts";
import { cloudwatch } from "./measures/cloudwatch.ts";
import { cpu } from "./measures/cpu.ts";
import { generalLog } from "./measures/general-log.ts";
import { growth } from "./measures/growth.ts";
import { lateness } from "./measures/lateness.ts";
import { log } from "./measures/log.ts";
import { page } from "./measures/page.ts";
import { requests } from "./measures/requests.ts";
import { roundTrips } from "./measures/round-trips.ts";
import { scan } from "./measures/scan.ts";
import { seal } from "./measures/seal.ts";
import { slowLog } from "./measures/slow-log.ts";
import { insertBetween, machine, type Row, table } from "./table.ts";

/*
 * `npm run bench`: measures the service against its targets and prints one table. `--only NAME,NAME` measures these alone,
 * `--quick` less of everything, `--slow-log FILE` and `--general-log FILE` have a server's logs for the measures of that name,
 * `--against COMMIT` has the build that today's is compared with, `--write` puts the table into README.md beside this file. Exits with 1 only when something could not be measured.
 */

const MEASURES: readonly Measure[] = [
  requests,
  roundTrips,
  growth,
  cloudwatch,
  cpu,
  lateness,
  log,
  against,
  generalLog,
  slowLog,
  scan,
  seal,
  page,
  bundleSize,
];
const README = "bench/README.md";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    "slow-log": { type: "string" },
    "general-log": { type: "string" },
    against: { type: "string" },
  },
});
const only = values.only.flatMap((names) => names.split(","));
const unknown = only.filter((name) => !MEASURES.some((measure) => measure.name === name));
if (unknown.length > 0) {
  console.error(
    `No measure is called ${unknown.join(", ")}; there are ${MEASURES.map(({ name }) => name).join(", ")}`,
  );
  process.exit(1);
}

const bench = createBench({
  isQuick: values.quick,
  slowLog: values["slow-log"],
  generalLog: values["general-log"],
  against: values.against,
});
const rows: Row[] = [];
let measured = 0;
let failed = 0;
for (const { name, run } of MEASURES) {
  if (only.length > 0 && !only.includes(name)) continue;
  const began = performance.now();
  try {
    rows.push(...(await run(bench)));
    measured++;
  } catch (error) {
    failed++;
    rows.push({ measure: name, figure: `could not be measured: ${(error as Error).message}` });
    console.error(error);
  }
  console.error(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}
const result = `${table(rows)}\n\n${machine()}${bench.isQuick ? " A quick run: the figures mean little." : ""}`;
console.log(`\n${result}`);
if (values.write)
  writeFileSync(README, insertBetween(readFileSync(README, "utf8"), "the last table", result));
console.log(`\n${measured} measured, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
