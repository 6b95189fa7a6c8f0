/** One parameter that a database engine has, as DescribeDBParameters describes it. */
export interface ParameterDefinition {
  name: string;
  description: string;
  /** Static parameters take effect when the instance is rebooted. */
  applyType: "static" | "dynamic";
  dataType: "boolean" | "integer" | "string" | "list" | "float";
  /** RDS's notation: `0,1`, or `1-65535` for integers; undefined: anything. */
  allowedValues?: string;
  isModifiable: boolean;
  /** The value in a group where nobody set one; undefined: the engine's own default, which RDS doesn't show. */
  defaultValue?: string;
  /** Who set `defaultValue`: the engine, or RDS itself. */
  source: "engine-default" | "system";
}

type Row = [
  name: string,
  applyType: "static" | "dynamic",
  dataType: ParameterDefinition["dataType"],
  allowedValues: string | undefined,
  defaultValue: string | undefined,
  description: string,
];

/** Parameters that a person may change. */
const MODIFIABLE: Row[] = [
  ["autocommit", "dynamic", "boolean", "0,1", undefined, "Sets the autocommit mode"],
  ["back_log", "static", "integer", "1-65535", undefined, "The number of outstanding connection requests"],
  ["binlog_cache_size", "dynamic", "integer", "4096-4294967295", "32768", "Size of the transaction cache"],
  [
    "binlog_format",
    "dynamic",
    "string",
    "ROW,STATEMENT,MIXED",
    "MIXED",
    "Binary logging format for replication",
  ],
  ["character_set_server", "dynamic", "string", undefined, undefined, "The server's default character set"],
  ["collation_server", "dynamic", "string", undefined, undefined, "The server's default collation"],
  ["connect_timeout", "dynamic", "integer", "2-31536000", undefined, "Seconds to wait for a connect packet"],
  ["event_scheduler", "dynamic", "string", "ON,OFF", undefined, "The status of the event scheduler"],
  [
    "explicit_defaults_for_timestamp",
    "dynamic",
    "boolean",
    "0,1",
    "1",
    "How TIMESTAMP columns are defaulted",
  ],
  ["general_log", "dynamic", "boolean", "0,1", undefined, "Whether the general query log is enabled"],
  [
    "group_concat_max_len",
    "dynamic",
    "integer",
    "4-18446744073709547520",
    undefined,
    "Longest GROUP_CONCAT result",
  ],
  [
    "innodb_adaptive_hash_index",
    "dynamic",
    "boolean",
    "0,1",
    undefined,
    "Whether adaptive hash indexes are enabled",
  ],
  ["innodb_buffer_pool_instances", "static", "integer", "1-64", undefined, "Regions of the buffer pool"],
  [
    "innodb_buffer_pool_size",
    "dynamic",
    "string",
    undefined,
    "{DBInstanceClassMemory*3/4}",
    "The size in bytes of InnoDB's memory buffer",
  ],
  [
    "innodb_flush_log_at_trx_commit",
    "dynamic",
    "integer",
    "0-2",
    undefined,
    "When the log buffer is flushed",
  ],
  [
    "innodb_io_capacity",
    "dynamic",
    "integer",
    "100-18446744073709551615",
    undefined,
    "I/O operations per second",
  ],
  [
    "innodb_lock_wait_timeout",
    "dynamic",
    "integer",
    "1-1073741824",
    undefined,
    "Seconds to wait for a row lock",
  ],
  [
    "innodb_log_file_size",
    "static",
    "integer",
    "4194304-274877906944",
    "134217728",
    "Size of each redo log file",
  ],
  [
    "innodb_print_all_deadlocks",
    "dynamic",
    "boolean",
    "0,1",
    undefined,
    "Whether deadlocks go to the error log",
  ],
  ["interactive_timeout", "dynamic", "integer", "1-31536000", undefined, "Seconds an idle console may stay"],
  ["log_bin_trust_function_creators", "dynamic", "boolean", "0,1", undefined, "Whether creators are trusted"],
  [
    "log_output",
    "dynamic",
    "list",
    "TABLE,FILE,NONE",
    "TABLE",
    "Where the general and slow logs are written",
  ],
  ["log_queries_not_using_indexes", "dynamic", "boolean", "0,1", undefined, "Whether such queries are slow"],
  ["long_query_time", "dynamic", "float", "0-31536000", undefined, "Seconds from which a query is slow"],
  [
    "lower_case_table_names",
    "static",
    "integer",
    "0-1",
    undefined,
    "How table names are stored and compared",
  ],
  ["max_allowed_packet", "dynamic", "integer", "1024-1073741824", undefined, "Longest packet in bytes"],
  [
    "max_connect_errors",
    "dynamic",
    "integer",
    "1-9223372036854775807",
    undefined,
    "Errors before a host is blocked",
  ],
  [
    "max_connections",
    "dynamic",
    "string",
    undefined,
    "{DBInstanceClassMemory/12582880}",
    "The number of simultaneous clients",
  ],
  [
    "max_execution_time",
    "dynamic",
    "integer",
    "0-18446744073709551615",
    undefined,
    "Longest SELECT in milliseconds",
  ],
  [
    "min_examined_row_limit",
    "dynamic",
    "integer",
    "0-18446744073709547520",
    undefined,
    "Fewest rows of a slow query",
  ],
  ["net_read_timeout", "dynamic", "integer", "1-31536000", undefined, "Seconds to wait for more data"],
  [
    "net_write_timeout",
    "dynamic",
    "integer",
    "1-31536000",
    undefined,
    "Seconds to wait for a block to be written",
  ],
  ["performance_schema", "static", "boolean", "0,1", "0", "Whether the Performance Schema is enabled"],
  ["read_only", "dynamic", "string", "0,1,{TrueIfReplica}", "{TrueIfReplica}", "Whether updates are refused"],
  ["require_secure_transport", "dynamic", "boolean", "0,1", undefined, "Whether clients must use TLS"],
  [
    "log_slow_admin_statements",
    "dynamic",
    "boolean",
    "0,1",
    undefined,
    "Whether ALTER, ANALYZE and others may be slow",
  ],
  ["slow_query_log", "dynamic", "boolean", "0,1", undefined, "Whether the slow query log is enabled"],
  ["sort_buffer_size", "dynamic", "integer", "32768-18446744073709551615", undefined, "Bytes a sort may use"],
  ["sql_mode", "dynamic", "list", undefined, undefined, "The server's SQL mode"],
  ["table_open_cache", "dynamic", "integer", "1-524288", undefined, "Open tables for all threads"],
  ["time_zone", "dynamic", "string", undefined, undefined, "The server's time zone"],
  ["tmp_table_size", "dynamic", "integer", "1024-18446744073709551615", undefined, "Largest in-memory table"],
  ["wait_timeout", "dynamic", "integer", "1-31536000", undefined, "Seconds an idle connection may stay"],
];

/** Parameters that MySQL has since 8.0, and MariaDB has not. */
const MYSQL_8: Row[] = [
  ["log_slow_extra", "dynamic", "boolean", "0,1", undefined, "Whether the slow query log says more"],
];

/** Parameters that MariaDB has, and MySQL has not. */
const MARIADB: Row[] = [
  ["log_slow_rate_limit", "dynamic", "integer", "1-1000", undefined, "One of so many slow queries is logged"],
  [
    "log_slow_verbosity",
    "dynamic",
    "list",
    "microtime,query_plan,innodb,explain",
    undefined,
    "What the slow query log says besides",
  ],
];

/**
 * Parameters that are set for a whole Aurora cluster, in its DB cluster parameter group, and that the instances' own groups have not
 * (Aurora User Guide, "Aurora MySQL configuration parameters", cluster-level parameters), or that Aurora has not at all.
 */
const NOT_OF_AURORA_INSTANCES = new Set([
  "binlog_format",
  "character_set_server",
  "collation_server",
  "innodb_flush_log_at_trx_commit",
  "innodb_io_capacity",
  "innodb_log_file_size",
  "lower_case_table_names",
  "require_secure_transport",
  "time_zone",
]);

/** Parameters that RDS keeps for itself. */
const FIXED: Row[] = [
  ["basedir", "static", "string", undefined, "/rdsdbbin/mysql", "The installation directory"],
  ["datadir", "static", "string", undefined, "/rdsdbdata/db/", "The data directory"],
  [
    "general_log_file",
    "dynamic",
    "string",
    undefined,
    "/rdsdbdata/log/general/mysql-general.log",
    "The general log",
  ],
  ["log_error", "static", "string", undefined, "/rdsdbdata/log/error/mysql-error.log", "The error log"],
  ["port", "static", "integer", undefined, "{EndPointPort}", "The port of TCP connections"],
  ["server_id", "static", "integer", undefined, "{ServerId}", "The server's identity in replication"],
  [
    "slow_query_log_file",
    "dynamic",
    "string",
    undefined,
    "/rdsdbdata/log/slowquery/mysql-slowquery.log",
    "The slow query log",
  ],
  ["socket", "static", "string", undefined, "/tmp/mysql.sock", "The file of local connections"],
];

const POSTGRES: Row[] = [
  [
    "log_min_duration_statement",
    "dynamic",
    "integer",
    "-1-2147483647",
    undefined,
    "Milliseconds of a logged query",
  ],
  [
    "log_statement",
    "dynamic",
    "string",
    "none,ddl,mod,all",
    undefined,
    "The kinds of statement that are logged",
  ],
  ["shared_buffers", "static", "integer", "16-1073741823", undefined, "Shared memory buffers, in 8 kB"],
  ["work_mem", "dynamic", "integer", "64-2147483647", undefined, "Memory of a sort or a hash, in kB"],
];

const COMMON = [...definitions(MODIFIABLE, true), ...definitions(FIXED, false)];
const MYSQL_5_PARAMETERS = COMMON.toSorted(byName);
const MYSQL_PARAMETERS = [...COMMON, ...definitions(MYSQL_8, true)].sort(byName);
const MARIADB_PARAMETERS = [...COMMON, ...definitions(MARIADB, true)].sort(byName);
const AURORA_PARAMETERS = MYSQL_PARAMETERS.flatMap(ofAurora);
const AURORA_2_PARAMETERS = MYSQL_5_PARAMETERS.flatMap(ofAurora);
const POSTGRES_PARAMETERS = definitions(POSTGRES, true).sort(byName);

/** MariaDB's parameters, two of which can't be changed, so that tests have such a family. */
const MARIADB_10_4_PARAMETERS = MARIADB_PARAMETERS.map((parameter) =>
  ["log_slow_rate_limit", "log_slow_admin_statements"].includes(parameter.name)
    ? { ...parameter, isModifiable: false }
    : parameter,
);

/** The parameters of a parameter group family such as `mysql8.0`, by name in alphabetical order. */
export function parametersOf(family: string): readonly ParameterDefinition[] {
  if (family.startsWith("postgres")) return POSTGRES_PARAMETERS;
  if (family === "mariadb10.4") return MARIADB_10_4_PARAMETERS;
  if (family.startsWith("mariadb")) return MARIADB_PARAMETERS;
  if (family.startsWith("aurora")) {
    return family === "aurora-mysql5.7" ? AURORA_2_PARAMETERS : AURORA_PARAMETERS;
  }
  return family.startsWith("mysql5.") ? MYSQL_5_PARAMETERS : MYSQL_PARAMETERS;
}

/** Whether RDS would take the value: every word of a list must be an allowed one, a number inside its range. */
export function isAllowedValue(definition: ParameterDefinition, value: string): boolean {
  const { allowedValues, dataType } = definition;
  if (allowedValues === undefined) return true;
  if (dataType === "float") return isInRange(allowedValues, value);
  const range = dataType === "integer" ? /^(-?\d+)-(\d+)$/.exec(allowedValues) : null;
  if (range !== null) {
    const [, least = "", most = ""] = range;
    return /^-?\d{1,20}$/.test(value) && BigInt(value) >= BigInt(least) && BigInt(value) <= BigInt(most);
  }
  const words = dataType === "list" ? value.split(",") : [value];
  return words.every((word) => allowedValues.split(",").includes(word));
}

/** Whether a number without an exponent is in a range such as `0-31536000`. */
function isInRange(range: string, value: string): boolean {
  const [least = 0, most = 0] = range.split("-").map(Number);
  return /^\d+(\.\d+)?$/.test(value) && Number(value) >= least && Number(value) <= most;
}

function definitions(rows: Row[], isModifiable: boolean): ParameterDefinition[] {
  return rows.map(([name, applyType, dataType, allowedValues, defaultValue, description]) => ({
    name,
    applyType,
    dataType,
    description,
    isModifiable,
    source: isModifiable && defaultValue === undefined ? "engine-default" : "system",
    ...(allowedValues === undefined ? {} : { allowedValues }),
    ...(defaultValue === undefined ? {} : { defaultValue }),
  }));
}

/** A parameter as the DB parameter groups of Aurora's instances have it, whose logs go to files unless told otherwise. */
function ofAurora(definition: ParameterDefinition): ParameterDefinition[] {
  if (NOT_OF_AURORA_INSTANCES.has(definition.name)) return [];
  return [definition.name === "log_output" ? { ...definition, defaultValue: "FILE" } : definition];
}

function byName(a: ParameterDefinition, b: ParameterDefinition): number {
  return a.name < b.name ? -1 : 1;
}
