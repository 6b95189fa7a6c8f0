import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MariaDb } from "../scripts/lib/mariadb.ts";

/*
 * `node bench/make-slow-log.ts FILE [--megabytes 50]`: writes the slow log of a MariaDB server, with `long_query_time=0`, on which
 * sysbench runs. Both have to be installed (Debian: mariadb-server, sysbench).
 */

const SECONDS_A_ROUND = 5;
const MOST_ROUNDS = 60;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { megabytes: { type: "string", default: "50" } },
});
const [target] = positionals;
if (target === undefined) {
  console.error("Usage: node bench/make-slow-log.ts FILE [--megabytes 50]");
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), "captures-slow-log-"));
const server = new MariaDb(folder);
try {
  await server.start();
  await server.ask("CREATE DATABASE sysbench; SET GLOBAL general_log = 0");
  sysbench("prepare");
  const isEnough = () => statSync(server.slowLog).size >= Number(values.megabytes) * 1e6;
  for (let round = 0; round < MOST_ROUNDS && !isEnough(); round++) sysbench("run");
  copyFileSync(server.slowLog, target);
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
    "--tables=4",
    "--table-size=1000",
    "--threads=8",
    `--time=${SECONDS_A_ROUND}`,
  ];
  execFileSync("sysbench", ["oltp_read_write", ...options, command], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}
