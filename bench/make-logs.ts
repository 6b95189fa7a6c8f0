import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MariaDb } from "../scripts/lib/mariadb.ts";

/*
 * `node bench/make-logs.ts [--slow-log FILE] [--general-log FILE] [--megabytes 50]`: writes the logs of a MariaDB server, with
 * `long_query_time=0`, on which sysbench runs; both are of the same traffic. Both programs have to be installed (Debian:
 * mariadb-server, sysbench).
 */

const SECONDS_A_ROUND = 5;
const MOST_ROUNDS = 60;

const { values } = parseArgs({
  options: {
    "slow-log": { type: "string" },
    "general-log": { type: "string" },
    megabytes: { type: "string", default: "50" },
  },
});
const { "slow-log": slowFile, "general-log": generalFile } = values;
if (slowFile === undefined && generalFile === undefined) {
  console.error("Usage: node bench/make-logs.ts [--slow-log FILE] [--general-log FILE] [--megabytes 50]");
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), "captures-logs-"));
const server = new MariaDb(folder);
try {
  await server.start();
  await server.ask("CREATE DATABASE sysbench");
  sysbench("prepare");
  const enough = Number(values.megabytes) * 1e6;
  const isEnough = (log: string, file: string | undefined) =>
    file === undefined || statSync(log).size >= enough;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (isEnough(server.slowLog, slowFile) && isEnough(server.generalLog, generalFile)) break;
    sysbench("run");
  }
  if (slowFile !== undefined) copyFileSync(server.slowLog, slowFile);
  if (generalFile !== undefined) copyFileSync(server.generalLog, generalFile);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}

/** Lets sysbench make its tables, or work on them for some seconds. */
function sysbench(command: "prepare" | "run"): void {
  const options = [
    "--db-driver=mysql",
    `--mysql-socket=${join(folder, "socket")}`,
    "--mysql-user=root",
    "--mysql-db=sysbench",
    // Each statement as a text of its own, in both logs.
    "--db-ps-mode=disable",
    "--tables=4",
    "--table-size=1000",
    "--threads=8",
    `--time=${SECONDS_A_ROUND}`,
  ];
  execFileSync("sysbench", ["oltp_read_write", ...options, command], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}
