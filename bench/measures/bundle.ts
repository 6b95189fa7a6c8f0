import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { quiet } from "../../scripts/lib/wrangler.ts";
import type { Bench, Measure } from "../measure.ts";
import { median } from "../statistics.ts";
import { judged, type Row } from "../table.ts";
import { modulesOf } from "../workerd.ts";

const run = promisify(execFile);
const STARTS = 5;

/** What is uploaded, and what it costs to start. */
export const bundleSize: Measure = {
  name: "bundle",
  async run(bench: Bench): Promise<Row[]> {
    const modules = modulesOf(await bench.bundled("src/index.ts")).map(({ path }) => readFileSync(path));
    const kib = gzipSync(Buffer.concat(modules)).length / 1024;
    const starts: number[] = [];
    for (let i = 0; i < (bench.isQuick ? 1 : STARTS); i++) starts.push(await startUpMs(bench.folder()));
    const size = { unit: " KiB", digits: 0 };
    return [
      judged("bundle, minified and gzipped", kib, { atMost: 320 }, size),
      judged("CPU at start-up", median(starts), { atMost: 50 }, { unit: " ms", digits: 1 }),
    ];
  },
};

/** The CPU time that V8's profile of a start shows. */
async function startUpMs(folder: string): Promise<number> {
  const file = join(folder, "startup.cpuprofile");
  const args = ["check", "startup", "--outfile", file, "--args=--minify"];
  await run("wrangler", args, { env: quiet });
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, "utf8")) as {
    nodes: { id: number; callFrame: { functionName: string } }[];
    samples: number[];
    timeDeltas: number[];
  };
  const idle = new Set(
    nodes.filter(({ callFrame }) => callFrame.functionName === "(idle)").map(({ id }) => id),
  );
  const micros = timeDeltas
    .filter((_, i) => !idle.has(samples[i] as number))
    .reduce((sum, delta) => sum + delta, 0);
  return micros / 1000;
}
