import { execFile } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Command, Database, LOG_OPTIONS, type StatementFigures } from "./database.ts";
import { installUnstable } from "./debian-unstable.ts";
import { readGeneralLog, readSlowLog } from "./mysql-logs.ts";

const run = promisify(execFile);

const SERVER = {
  name: "MySQL",
  packages: ["mysql-server-core", "mysql-client-core"],
  file: "usr/sbin/mysqld",
};
const SUMMARY = "performance_schema.events_statements_summary_by_digest";

/**
 * A MySQL server of its own, in a chroot: Debian has MySQL in unstable only, and beside MariaDB it can't be installed.
 * Its client runs in the chroot too.
 */
export class MySql extends Database {
  readonly name = "MySQL";
  readonly dialect = "mysql";
  // Its client sends `use` as a query.
  readonly commands = ["Connect", "Query", "Prepare", "Execute", "Quit"];
  readonly #root: string;
  /** Where the data, socket and logs are, as it is called inside the chroot. */
  readonly #inside: string;
  readonly #port: number | null;

  /**
   * @param root the folder of the chroot
   * @param options its home inside the chroot, where several run in one; a port of 127.0.0.1, where it is reached over TCP too
   */
  constructor(root: string, { home = "/proof", port = null }: { home?: string; port?: number | null } = {}) {
    super(join(root, home));
    this.#root = root;
    this.#inside = home;
    this.#port = port;
  }

  /** The folder of its data, socket and logs. */
  get home(): string {
    return this.folder;
  }

  protected async prepare(): Promise<Command> {
    await installUnstable(this.#root, SERVER);
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder);
    const home = this.#inside;
    const network =
      this.#port === null ? ["--skip-networking"] : [`--port=${this.#port}`, "--bind-address=127.0.0.1"];
    const common = [
      "mysqld",
      "--no-defaults",
      "--user=root",
      `--datadir=${home}/data`,
      `--log-error=${home}/error.log`,
      "--secure-file-priv=NULL",
    ];
    await run("chroot", [this.#root, ...common, "--initialize-insecure"]);
    return {
      program: "chroot",
      args: [
        this.#root,
        ...common,
        `--socket=${home}/socket`,
        `--pid-file=${home}/pid`,
        ...network,
        "--mysqlx=OFF",
        "--disable-log-bin",
        ...LOG_OPTIONS,
        `--general-log-file=${home}/general.log`,
        `--slow-query-log-file=${home}/slow.log`,
        "--log-slow-extra=1",
        "--log-slow-admin-statements=1",
        "--log-timestamps=UTC",
        "--character-set-server=utf8mb4",
        "--innodb-buffer-pool-size=32M",
        "--innodb-flush-log-at-trx-commit=0",
      ],
    };
  }

  protected client(args: string[]): Command {
    return {
      program: "chroot",
      args: [this.#root, "mysql", "--no-defaults", `--socket=${this.#inside}/socket`, ...args],
    };
  }

  readGeneralLog() {
    return readGeneralLog(this.generalLog);
  }

  readSlowLog() {
    return readSlowLog(this.slowLog);
  }

  /** What the performance schema counts of each statement. */
  override readonly figures = {
    reset: async () => {
      await this.ask(`TRUNCATE ${SUMMARY}`);
    },
    read: async (schema: string): Promise<StatementFigures[]> => {
      const rows = await this.ask(
        `SELECT DIGEST, COUNT_STAR, SUM_TIMER_WAIT DIV 1000000 FROM ${SUMMARY} WHERE SCHEMA_NAME = '${schema}'`,
      );
      return linesOf(rows).map((row) => {
        const [digest = "", calls, micros] = row.split("\t");
        return { digest, calls: Number(calls), totalMicros: Number(micros) };
      });
    },
    digestsOf: async (statements: readonly string[], schema: string): Promise<string[]> => {
      const asked = statements.map(
        (statement) =>
          `SELECT STATEMENT_DIGEST(CONVERT(0x${Buffer.from(statement).toString("hex")} USING utf8mb4));\n`,
      );
      return linesOf(await this.ask(`USE ${schema};\n${asked.join("")}`));
    },
  };
}

function linesOf(output: string): string[] {
  return output.split("\n").slice(0, -1);
}
