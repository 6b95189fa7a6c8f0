/** What of a log was read but can't be part of any record that is given. */
export interface LeftOut {
  /** Bytes that belong to no record and no banner: what is left of a record whose beginning was not read, or no such log. */
  strayBytes: number;
  /** Records to which MariaDB gave no time, as it was that of the one before, and that one was not read. */
  undatedRecords: number;
}

/** One record of the general log. */
export interface LogRecord {
  /** Microseconds since the epoch. MariaDB's log has whole seconds only. */
  timeMicros: number;
  /** The connection's id. */
  threadId: number;
  command: Command;
  /** What follows the command: SQL, or what the command says of itself, such as `app@10.0.0.7 on shop using TCP/IP`. */
  statement: string;
  /** The statement was longer than the parser keeps, and has lost its end. */
  truncated: boolean;
  /** Where the record begins in the log, in bytes. */
  start: number;
  /** Where it ends: the first byte that is not its own. */
  end: number;
  /** What was left out since the record before it; absent where that is nothing. */
  leftOut?: LeftOut;
  /** The server opened its log between the record before and this one: it had been off, or the server. */
  isAfterOpening?: true;
}

/**
 * Every name that a server writes for a command: `Command_names::m_names` in MySQL's sql_parse.cc (5.7 to 8.4, where 8.0.26
 * renamed `Register Slave`), and `command_name` in MariaDB's.
 */
export const COMMANDS = [
  "Sleep",
  "Quit",
  "Init DB",
  "Query",
  "Field List",
  "Create DB",
  "Drop DB",
  "Refresh",
  "Shutdown",
  "Statistics",
  "Processlist",
  "Connect",
  "Kill",
  "Debug",
  "Ping",
  "Time",
  "Delayed insert",
  "Change user",
  "Binlog Dump",
  "Table Dump",
  "Connect Out",
  "Register Slave",
  "Register Replica",
  "Prepare",
  "Execute",
  "Long Data",
  "Close stmt",
  "Reset stmt",
  "Set option",
  "Fetch",
  "Daemon",
  "Binlog Dump GTID",
  "Reset Connection",
  "clone",
  "Group Replication Data Stream subscription",
  "Error",
  // MariaDB's own.
  "Unimpl get tid",
  "Reset connection",
  "Bulk_execute",
  "Slave_worker",
  "Slave_IO",
  "Slave_SQL",
  "Com_multi",
] as const;
/** The name of a command, as the server writes it. */
export type Command = (typeof COMMANDS)[number];

/** The commands whose text is SQL, with values in it: a Prepare has those that are not bound. */
const SQL_COMMANDS: ReadonlySet<Command> = new Set<Command>(["Query", "Execute", "Bulk_execute", "Prepare"]);

/** Whether what a record says is SQL. */
export function holdsSql({ command }: Pick<LogRecord, "command">): boolean {
  return command === "Query" || SQL_COMMANDS.has(command);
}
