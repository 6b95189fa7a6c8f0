import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Dialect } from "../../src/sql-text/dialect.ts";

const run = promisify(execFile);

/** A record of a server's general log, as the server's own reader finds it. */
export interface ServerRecord {
  /** Microseconds since the epoch: whole seconds where the log has no parts of them. */
  timeMicros: number;
  threadId: number;
  command: string;
  statement: string;
}

/** An entry of a server's slow query log, as the server's own reader finds it. */
export interface SlowEntry {
  /** When it ended, in microseconds since the epoch. MariaDB's start is known to the second only, and so is this. */
  endMicros: number;
  micros: number;
  threadId: number;
  rowsSent: number;
  rowsExamined: number;
  statement: string;
}

/** What a server itself counts of the statements of one kind. */
export interface StatementFigures {
  /** The server's own name of that kind. */
  digest: string;
  calls: number;
  totalMicros: number;
}

/** The figures that a server itself has of its statements. */
export interface OwnFigures {
  /** Begins to count afresh. */
  reset(): Promise<void>;
  /** What was counted since then of the statements with this default database. */
  read(schema: string): Promise<StatementFigures[]>;
  /** The server's names of the kinds of these statements, in the same order. Tables are those of the default database. */
  digestsOf(statements: readonly string[], schema: string): Promise<string[]>;
}

/** How a program is run: with which name, arguments and options. */
export interface Command {
  program: string;
  args: string[];
  options?: { env?: NodeJS.ProcessEnv; cwd?: string; uid?: number; gid?: number };
}

/** What every server is started with, whatever it is: both logs in files, with every statement. */
export const LOG_OPTIONS = [
  "--general-log=1",
  "--log-output=FILE",
  "--slow-query-log=1",
  "--long-query-time=0",
];

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** What every client is started with; the socket is added. */
const CLIENT_OPTIONS = ["--user=root", "--default-character-set=utf8mb4", "--batch"];

/** A database server of its own: its data, socket and logs in a folder, no port. */
export abstract class Database {
  /** What it is called. */
  abstract readonly name: string;
  /** The SQL that it speaks. */
  abstract readonly dialect: Dialect;
  /** The commands that the sessions of its client leave in the general log. */
  abstract readonly commands: readonly string[];
  /** Its own figures, if it has some. */
  readonly figures: OwnFigures | null = null;
  /** Where its data, socket and logs are. */
  protected readonly folder: string;
  readonly generalLog: string;
  /** The slow query log, which has every statement. */
  readonly slowLog: string;
  #server: ChildProcess | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.generalLog = join(folder, "general.log");
    this.slowLog = join(folder, "slow.log");
  }

  /** Makes the data, and says how the server is started. Its errors go to `error.log` in the folder. */
  protected abstract prepare(): Promise<Command>;

  /** How its command-line client is started. */
  protected abstract client(args: string[]): Command;

  /** Where clients on this machine find it. */
  get socket(): string {
    return join(this.folder, "socket");
  }

  /** Its general log, read without anything of the service's own parser: the proofs compare the two. */
  abstract readGeneralLog(): ServerRecord[];

  /** Its slow query log, read in the same way. A statement that holds the lines of a header would mislead it. */
  abstract readSlowLog(): SlowEntry[];

  /** Makes the data and starts the server. @returns its version */
  async start(): Promise<string> {
    const { program, args, options } = await this.prepare();
    const server = spawn(program, args, { ...options, stdio: "ignore" });
    this.#server = server;
    for (let attempt = 0; attempt < 300; attempt++) {
      if (server.exitCode !== null) break;
      const version = await this.ask("SELECT VERSION()").catch(() => null);
      if (version !== null) return version.trim();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${this.name} did not start:\n${readFileSync(join(this.folder, "error.log"), "utf8")}`);
  }

  /** What the server answers to a statement, as the command-line client prints it. */
  async ask(sql: string): Promise<string> {
    const { program, args, options } = this.client([...CLIENT_OPTIONS, "--skip-column-names"]);
    const answer = run(program, args, { ...options, maxBuffer: MAX_ANSWER_BYTES });
    // A client that could not connect reads nothing: its exit says so.
    answer.child.stdin?.on("error", () => undefined).end(sql);
    return String((await answer).stdout);
  }

  /**
   * A client of its own, in which statements are executed one after another; those that fail do not end it.
   * @param statements without their semicolons
   * @param paceMs how long before the next is sent
   */
  async execute(statements: Iterable<string>, paceMs: number): Promise<void> {
    // --comments sends them along, as most drivers do.
    const { program, args, options } = this.client([...CLIENT_OPTIONS, "--force", "--comments"]);
    const client = spawn(program, args, { ...options, stdio: ["pipe", "ignore", "ignore"] });
    const exited = once(client, "exit");
    for (const statement of statements) {
      if (!client.stdin.write(`${statement};\n`)) await once(client.stdin, "drain");
      await new Promise((resolve) => setTimeout(resolve, paceMs));
    }
    client.stdin.end();
    await exited;
  }

  /**
   * Has its client run a file of SQL, and go on behind statements that fail.
   * @param options of the client's
   * @param cwd where it runs
   */
  async runFile(sql: string, options: readonly string[], cwd: string): Promise<void> {
    const { program, args, options: started } = this.client(["--user=root", "--force", ...options]);
    const client = spawn(program, args, { ...started, cwd, stdio: ["pipe", "ignore", "ignore"] });
    const exited = once(client, "exit");
    // One that ended early reads nothing more; what it has not run is missed.
    client.stdin.on("error", () => undefined).end(sql);
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
}
