/** A banner as MySQL writes it on RDS. */
export const BANNER = `/rdsdbbin/mysql/bin/mysqld, Version: 8.0.43 (Source distribution). started with:
Tcp port: 3306  Unix socket: /tmp/mysql.sock
Time                 Id Command    Argument
`;
const SHORT_BANNER = "mysqld, Version: 8.4.6. started with:\nTcp port: 1\nTime  Id Command  Argument\n";

/** An entry of MySQL's, a second long. */
export const mysqlEntry = (
  statement: string,
  { id = 8, time = "2026-11-27T18:00:05.187063Z", user = "app[app] @ localhost [10.0.0.7]", use = "" } = {},
) => `# Time: ${time}
# User@Host: ${user}  Id: ${String(id).padStart(5)}
# Query_time: 1.000001  Lock_time: 0.000002 Rows_sent: 3  Rows_examined: 4
${use}SET timestamp=${Math.floor(Date.parse(time) / 1000 - 1)};
${statement};
`;

/** An entry of MariaDB's. */
export const mariadbEntry = (
  statement: string,
  {
    id = 8,
    second = 1_795_802_400,
    time = "0.000241",
    lock = "0.000000",
    user = "app[app] @ localhost [10.0.0.7]",
    schema = "",
    lines = "",
  } = {},
) => `# User@Host: ${user}
# Thread_id: ${id}  Schema: ${schema}  QC_hit: No
# Query_time: ${time}  Lock_time: ${lock}  Rows_sent: 1  Rows_examined: 2
# Rows_affected: 0  Bytes_sent: 57
${lines}SET timestamp=${second};
${statement};
`;

/** All forms in a few hundred bytes each, for tests that try everything: their work grows with the cube of the length. */
export const SHORT_LOGS: [name: string, log: string][] = [
  [
    "MySQL",
    `ray;
# Time: 2026-11-27T18:00:05.187063Z
# User@Host: a
b[a
b] @ 寿 []  Id:     8
# Query_time: 1.200504  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 1
use d
1;
SET timestamp=1795802403;
SELECT '😀;
# Time: 2';
${SHORT_BANNER}# Time: 2026-11-27T19:00:05.187063+01:00
# User@Host: [] @  []  Id:     8
# Query_time: 0.200504  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 1
SET insert_id=1,timestamp=1795802403;
;
`,
  ],
  [
    "MySQL with log_slow_extra",
    `${SHORT_BANNER}# Time: 2026-11-27T18:00:05.187063Z
# User@Host: a[a] @ h []  Id:     8
# Query_time: 1.200504  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 1 Thread_id: 8  Start: 1 End: 2
SET timestamp=1795802403;
cut hermysqld, Version: 8.4.6. started with:
Tcp port: 1
Time  Id Command  Argument
# Time: 2026-11-27T18:00:05.187063Z
# User@Host: a[a] @ h []  Id:     8
# Query_time: 0.000001  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 1
SET timestamp=1795802405;
# administrator command: Quit;
`,
  ],
  [
    "MariaDB",
    `# Time: 261127 18:01:10
# User@Host: a[a] @ h [1]
# Thread_id: 4  Schema: d
1  QC_hit: No
# Query_time: 0.000241  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0
# Rows_affected: 0  Bytes_sent: 57
# Warnings
# Warning 1292 '
x'
use \`d
1\`;
SET timestamp=1795802470;
SELECT ';
# User@Host: a[a] @ h [1]
# Thread';
# User@Host: a[a] @ h [1]
# Thread_id: 4  Schema:   QC_hit: Yes
# Query_time: 0.000241  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0
# Rows_affected: 0  Bytes_sent: 57
SET timestamp=1795802470;
é;
`,
  ],
];
