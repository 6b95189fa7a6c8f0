/*
 * The commands of the general log: the word between a record's thread id and its text.
 */

/**
 * Every name that a server writes for a command: `Command_names::m_names` in MySQL's sql_parse.cc (5.7 to 8.4, where 8.0.26
 * renamed `Register Slave`), and `command_name` in MariaDB's. A line whose command is not here is read as a part of the record
 * before it.
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

/** The commands whose text is SQL. That of a Prepare may hold values, too: those that are not bound. */
const SQL_COMMANDS: ReadonlySet<Command> = new Set<Command>(["Query", "Execute", "Bulk_execute", "Prepare"]);

/** Whether the text of a record with this command is SQL. */
export function holdsSql({ command }: { command: Command }): boolean {
  return command === "Query" || SQL_COMMANDS.has(command);
}

/**
 * The commands whose records may say that a statement ran. Prepare is not one of them: the statement runs when it is executed,
 * and is logged again with its values then.
 */
const RUNNING_COMMANDS: ReadonlySet<Command> = new Set<Command>(["Query", "Execute", "Bulk_execute"]);

/** Whether a record with this command says that its statement was run. */
export function runsStatement(command: Command): boolean {
  return command === "Query" || RUNNING_COMMANDS.has(command);
}
