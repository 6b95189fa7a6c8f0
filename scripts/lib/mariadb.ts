import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Debian has the server where only root looks. The log has local times, and a reader takes them for UTC, as RDS's are. */
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin`, TZ: "UTC" };

/**
 * A MariaDB server of its own: its data, socket and logs in a folder, no port. It refuses to run as root, so that a
 * root who starts it lends it the account `mysql`, which Debian's package makes.
 */
export class MariaDb {
  readonly generalLog: string;
  /** The slow query log, which has every statement and its plan. */
  readonly slowLog: string;
  readonly #folder: string;
  readonly #socket: string;
  #server: ChildProcess | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.generalLog = join(folder, "general.log");
    this.slowLog = join(folder, "slow.log");
    this.#socket = join(folder, "socket");
  }

  /** Makes the data and starts the server. @returns its version */
  async start(): Promise<string> {
    const data = join(this.#folder, "data");
    mkdirSync(data, { recursive: true });
    const account = process.getuid?.() === 0 ? await accountOf("mysql") : null;
    if (account !== null) {
      for (const path of [this.#folder, data]) chownSync(path, account.uid, account.gid);
    }
    await run(
      "mariadb-install-db",
      [
        "--no-defaults",
        `--datadir=${data}`,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
      ],
      { env: environment, cwd: "/", ...account },
    );
    const errorLog = join(this.#folder, "error.log");
    const server = spawn(
      "mariadbd",
      [
        "--no-defaults",
        `--datadir=${data}`,
        `--socket=${this.#socket}`,
        `--pid-file=${join(this.#folder, "pid")}`,
        `--log-error=${errorLog}`,
        "--skip-networking",
        "--general-log=1",
        "--log-output=FILE",
        `--general-log-file=${this.generalLog}`,
        "--slow-query-log=1",
        `--slow-query-log-file=${this.slowLog}`,
        "--long-query-time=0",
        "--log-slow-verbosity=query_plan",
        "--character-set-server=utf8mb4",
        "--innodb-buffer-pool-size=32M",
        "--innodb-flush-log-at-trx-commit=0",
      ],
      { env: environment, cwd: "/", stdio: "ignore", ...account },
    );
    this.#server = server;
    for (let attempt = 0; attempt < 300; attempt++) {
      if (server.exitCode !== null) break;
      const version = await this.ask("SELECT VERSION()").catch(() => null);
      if (version !== null) return version.trim();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`MariaDB did not start:\n${readFileSync(errorLog, "utf8")}`);
  }

  /** What the server answers to a statement, as the command-line client prints it. */
  async ask(sql: string): Promise<string> {
    const { stdout } = await run("mariadb", [...this.#client(), "--skip-column-names", "-e", sql]);
    return stdout;
  }

  /**
   * A client of its own, in which statements are executed one after another; those that fail do not end it.
   * @param statements without their semicolons
   * @param paceMs how long before the next is sent
   */
  async execute(statements: Iterable<string>, paceMs: number): Promise<void> {
    // --comments sends them along, as most drivers do.
    const client = spawn("mariadb", [...this.#client(), "--force", "--comments"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    const exited = once(client, "exit");
    for (const statement of statements) {
      if (!client.stdin.write(`${statement};\n`)) await once(client.stdin, "drain");
      await new Promise((resolve) => setTimeout(resolve, paceMs));
    }
    client.stdin.end();
    await exited;
  }

  /** Ends the server. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null) return;
    const exited = once(server, "exit");
    server.kill("SIGTERM");
    await exited;
  }

  #client(): string[] {
    return [
      "--no-defaults",
      `--socket=${this.#socket}`,
      "--user=root",
      "--default-character-set=utf8mb4",
      "--batch",
    ];
  }
}

async function accountOf(name: string): Promise<{ uid: number; gid: number }> {
  const id = async (option: string) => Number((await run("id", [option, name])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}

/** A record of MariaDB's general log. */
export interface ServerRecord {
  /** Seconds since the epoch: the log has no parts of them. */
  second: number;
  threadId: number;
  command: string;
  statement: string;
}

/** `261123  5:36:15<TAB>     3 Query<TAB>SELECT 1`, and two tabs in the place of a time that is that of the record before. */
const HEADER =
  /^(?:(\d\d)(\d\d)(\d\d) ([ \d]\d):(\d\d):(\d\d)|\t)\t +(\d+) (Connect|Query|Quit|Init DB|Prepare|Execute|Close stmt|Shutdown)(?:\t(.*))?$/s;

/**
 * Reads a general log of MariaDB. Deliberately simple, and nothing of the service's own parser: the proof compares the two.
 */
export function readServerLog(file: string): ServerRecord[] {
  const lines = readFileSync(file, "utf8").split("\n");
  // What follows the last newline: nothing, or a record that is being written.
  lines.pop();
  const records: ServerRecord[] = [];
  let second = Number.NaN;
  for (const line of lines) {
    const header = HEADER.exec(line);
    const open = records.at(-1);
    if (header === null) {
      // Before the first record there is the server's banner.
      if (open !== undefined) open.statement += `\n${line}`;
      continue;
    }
    const [, year, month, day, hour, minute, seconds, threadId, command = "", statement = ""] = header;
    if (year !== undefined) {
      second =
        Date.UTC(
          2000 + Number(year),
          Number(month) - 1,
          Number(day),
          Number(hour),
          Number(minute),
          Number(seconds),
        ) / 1000;
    }
    records.push({ second, threadId: Number(threadId), command, statement });
  }
  return records;
}
