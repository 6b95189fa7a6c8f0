import { execFile } from "node:child_process";
import { chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Command, Database, LOG_OPTIONS } from "./database.ts";
import { readGeneralLog, readSlowLog } from "./mariadb-logs.ts";

const run = promisify(execFile);

/** Debian has the server where only root looks. The log has local times, and a reader takes them for UTC, as RDS's are. */
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin`, TZ: "UTC" };

/**
 * A MariaDB server of its own. It refuses to run as root, so that a root who starts it lends it the account `mysql`, which
 * Debian's package makes. Its slow log has the plan of each statement.
 */
export class MariaDb extends Database {
  readonly name = "MariaDB";
  readonly dialect = "mariadb";
  readonly commands = ["Connect", "Init DB", "Query", "Prepare", "Execute", "Quit"];

  protected async prepare(): Promise<Command> {
    const data = join(this.folder, "data");
    mkdirSync(data, { recursive: true });
    const account = process.getuid?.() === 0 ? await accountOf("mysql") : null;
    if (account !== null) {
      for (const path of [this.folder, data]) chownSync(path, account.uid, account.gid);
    }
    const options = { env: environment, cwd: "/", ...account };
    await run(
      "mariadb-install-db",
      [
        "--no-defaults",
        `--datadir=${data}`,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
      ],
      options,
    );
    return {
      program: "mariadbd",
      args: [
        "--no-defaults",
        `--datadir=${data}`,
        `--socket=${this.socket}`,
        `--pid-file=${join(this.folder, "pid")}`,
        `--log-error=${join(this.folder, "error.log")}`,
        "--skip-networking",
        ...LOG_OPTIONS,
        `--general-log-file=${this.generalLog}`,
        `--slow-query-log-file=${this.slowLog}`,
        "--log-slow-verbosity=query_plan",
        "--character-set-server=utf8mb4",
        "--innodb-buffer-pool-size=32M",
        "--innodb-flush-log-at-trx-commit=0",
      ],
      options,
    };
  }

  protected client(args: string[]): Command {
    return { program: "mariadb", args: ["--no-defaults", `--socket=${this.socket}`, ...args] };
  }

  readGeneralLog() {
    return readGeneralLog(this.generalLog);
  }

  readSlowLog() {
    return readSlowLog(this.slowLog);
  }
}

async function accountOf(name: string): Promise<{ uid: number; gid: number }> {
  const id = async (option: string) => Number((await run("id", [option, name])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}
