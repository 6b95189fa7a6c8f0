/*
 * Writes slow logs as the servers do: File_query_log::write_slow in MySQL's log.cc, MYSQL_QUERY_LOG::write in MariaDB's.
 */

/** A statement that a server logs. */
export interface Logged {
  endMicros: number;
  durationMicros: number;
  lockMicros: number;
  threadId: number;
  user: string;
  host: string;
  address: string;
  /** The session's default database; null for none. */
  db: string | null;
  statement: string;
  rowsSent: number;
  rowsExamined: number;
  rowsAffected: number;
  bytesSent: number;
  errno: number;
  /** The second that the session's clock has; that in which the statement began unless it is set. */
  second?: number;
  /** Whether MariaDB says how the statement was run. */
  hasPlan?: boolean;
}

const SECOND = 1_000_000;

const seconds = (micros: number) =>
  `${Math.floor(micros / SECOND)}.${String(micros % SECOND).padStart(6, "0")}`;
const iso = (micros: number) =>
  `${new Date(Math.floor(micros / SECOND) * 1000).toISOString().slice(0, 19)}.${String(micros % SECOND).padStart(6, "0")}Z`;
const beginSecond = ({ endMicros, durationMicros, second }: Logged) =>
  second ?? Math.floor((endMicros - durationMicros) / SECOND);

/** A server's log, which keeps what the server does. */
export interface SlowLogWriter {
  /** The text that the server writes when it opens the log. */
  banner(): string;
  entry(logged: Logged): string;
}

export class MysqlSlowLogWriter implements SlowLogWriter {
  readonly #hasExtra: boolean;
  /** The database that was written last: the server writes those alone that differ from it. */
  #db = "";

  constructor({ hasExtra = false } = {}) {
    this.#hasExtra = hasExtra;
  }

  banner(): string {
    this.#db = "";
    return "/rdsdbbin/mysql/bin/mysqld, Version: 9.7.4 (Source distribution). started with:\nTcp port: 3306  Unix socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n";
  }

  entry(logged: Logged): string {
    const { endMicros, durationMicros, lockMicros, rowsSent, rowsExamined, threadId, user, host, address } =
      logged;
    const extra = this.#hasExtra
      ? ` Thread_id: ${threadId} Errno: ${logged.errno} Killed: 0 Bytes_received: ${logged.statement.length} Bytes_sent: ${logged.bytesSent} Read_first: 0 Read_last: 0 Read_key: 1 Read_next: 0 Read_prev: 0 Read_rnd: 0 Read_rnd_next: 0 Sort_merge_passes: 0 Sort_range_count: 0 Sort_rows: 7 Sort_scan_count: 1 Created_tmp_disk_tables: 2 Created_tmp_tables: 3 Count_hit_tmp_table_size: 0  Start: ${iso(endMicros - durationMicros)} End: ${iso(endMicros)}`
      : "";
    let use = "";
    if (logged.db !== null && logged.db !== this.#db) {
      this.#db = logged.db;
      use = `use ${logged.db};\n`;
    }
    return `# Time: ${iso(endMicros)}
# User@Host: ${user}[${user}] @ ${host} [${address}]  Id: ${String(threadId).padStart(5)}
# Query_time: ${seconds(durationMicros)}  Lock_time: ${seconds(lockMicros)} Rows_sent: ${rowsSent}  Rows_examined: ${rowsExamined}${extra}
${use}SET timestamp=${beginSecond(logged)};
${logged.statement};
`;
  }
}

const PLAN = `# Pages_accessed: 2  Pages_read: 0  Pages_prefetched: 0  Pages_updated: 0  Old_rows_read: 0
# Pages_read_time: 0.0000  Engine_time: 0.0314
# Tmp_tables: 1  Tmp_disk_tables: 0  Tmp_table_sizes: 24576
# Full_scan: Yes  Full_join: No  Tmp_table: Yes  Tmp_table_on_disk: No
# Filesort: No  Filesort_on_disk: No  Merge_passes: 0  Priority_queue: No
#
# explain: id\tselect_type\ttable
# explain: 1\tSIMPLE\tt
#
# Warnings
# Warning 1292 Truncated incorrect INTEGER value: 'x
0'
`;

export class MariadbSlowLogWriter implements SlowLogWriter {
  #db = "";
  #second = 0;

  banner(): string {
    this.#db = "";
    return "/rdsdbbin/mariadb/bin/mariadbd, Version: 10.11.19-MariaDB-log (managed). started with:\nTcp port: 3306  Unix socket: /tmp/mysql.sock\nTime\t\t    Id Command\tArgument\n";
  }

  entry(logged: Logged): string {
    const { durationMicros, lockMicros, rowsSent, rowsExamined, threadId, user, host, address, db } = logged;
    const second = beginSecond(logged);
    let time = "";
    if (second !== this.#second) {
      this.#second = second;
      const clock = new Date(second * 1000).toISOString();
      const hour = String(Number(clock.slice(11, 13))).padStart(2);
      time = `# Time: ${clock.slice(2, 10).replaceAll("-", "")} ${hour}${clock.slice(13, 19)}\n`;
    }
    let use = "";
    if (db !== null && db !== this.#db) {
      this.#db = db;
      use = `use \`${db.replaceAll("`", "``")}\`;\n`;
    }
    return `${time}# User@Host: ${user}[${user}] @ ${host} [${address}]
# Thread_id: ${threadId}  Schema: ${db ?? ""}  QC_hit: No
# Query_time: ${seconds(durationMicros)}  Lock_time: ${seconds(lockMicros)}  Rows_sent: ${rowsSent}  Rows_examined: ${rowsExamined}
# Rows_affected: ${logged.rowsAffected}  Bytes_sent: ${logged.bytesSent}
${logged.hasPlan ? PLAN : ""}${use}SET timestamp=${second};
${logged.statement};
`;
  }
}
