/** A banner as MySQL writes it on RDS. */
const BANNER = `/rdsdbbin/mysql/bin/mysqld, Version: 8.0.43 (Source distribution). started with:
Tcp port: 3306  Unix socket: /tmp/mysql.sock
Time                 Id Command    Argument
`;

/** A log of MySQL 8.0 with what is hard to read. */
export const MYSQL_8 = `${BANNER}2026-11-23T05:36:15.000009Z\t    8 Connect\tapp@10.0.0.7 on shop using TCP/IP
2026-11-23T05:36:15.123456Z\t    8 Query\tSELECT 1
2026-11-23T05:36:15.123457Z\t123456 Query\tSELECT a,
\tb

  FROM t -- grüße 😀
 WHERE c = 'x\ty'
2026-11-23T05:36:15.200000Z\t    8 Prepare\tSELECT * FROM t WHERE id = ?
2026-11-23T05:36:15.200100Z\t    8 Execute\tSELECT * FROM t WHERE id = 7
2026-11-23T05:36:15.200200Z\t    8 Close stmt\t
2026-11-23T05:36:15.200300Z\t    9 Init DB\tshop
2026-11-23T05:36:15.200400Z\t    9 Field List\tt 
2026-11-23T05:36:15.200500Z\t    9 Query\t
2026-11-23T05:36:15.200600Z\t    9 Query\tSELECT 'a\r
b'\r
2026-11-23T05:36:15.200700Z\t   10 Binlog Dump GTID\tLog: '' Pos: 4 GTIDs: ''
2026-11-23T05:36:15.200800Z\t   11 Connect Out\trepl@10.0.0.1:3306
2026-11-23T05:36:15.200900Z\t    9 Reset Connection\t
${BANNER}2026-11-23T06:00:00.000000Z\t    9 Query\tSELECT 'after the log was reopened'
${BANNER}2026-11-23T06:00:01.999999Z\t    9 Quit\t
`;

/** A log of MariaDB 10.11; the form was taken from what 10.11.19 wrote, its tabs in the banner too. */
export const MARIADB_10_11 = `/rdsdbbin/mariadb/bin/mariadbd, Version: 10.11.19-MariaDB-log (managed). started with:
Tcp port: 3306  Unix socket: /tmp/mysql.sock
Time\t\t    Id Command\tArgument
261123  5:07:32\t     3 Connect\troot@localhost on  using Socket
\t\t     3 Query\tcreate user 'app'@'%' identified by 'sec''ret'
\t\t     3 Quit\t
261123  5:07:33\t     4 Connect\tapp@10.0.0.7 on shop using TCP/IP
\t\t     4 Query\tinsert into t values (1,'a
\tb'),(2,'😀')
\t\t     4 Query\t\t\tselect
\t\t\t3
\t\t3 Things
\t\t     9 Refresh\t
root/usr/sbin/mariadbd, Version: 10.11.19-MariaDB-log (managed). started with:
Tcp port: 33999  Unix socket: /tmp/s.sock
Time\t\t    Id Command\tArgument
\t\t     9 Statistics\t
261123 12:07:32\t1234567 Bulk_execute\tinsert into t values (?)
\t\t     4 Quit\t
`;

/** A log without the tab after the time, as early releases of MySQL 5.7 are said to write it. */
export const MYSQL_UNTABBED = `${BANNER}2016-05-25T10:00:00.000009Z    8 Connect\tapp@10.0.0.7 on shop using TCP/IP
2016-05-25T10:00:00.123456Z    8 Query\tSELECT 1,
\t2 -- grüße 😀
2016-05-25T10:00:00.2Z    8 Query\tno record
2016-05-25T10:00:00.300000Z12345 Query\tSELECT 'an id of five digits'
2016-05-25T12:00:00.400000+02:00123456 Query\tSELECT 'in another zone'
2016-05-25T10:00:00.500000Z    8 Close stmt\t
${BANNER}2016-05-25T11:00:00.000000Z    9 Quit\t
`;

/** A log of MySQL 5.6: MariaDB's form with a banner of its own. */
export const MYSQL_5_6 = `${BANNER}160525 10:00:00\t    8 Connect\tapp@10.0.0.7 on shop
\t\t    8 Query\tSELECT 1,
\t2
\t\t    8 Init DB\tshop
160525 10:00:01\t    8 Query\tSELECT 3
\t\t    8 Quit\t
`;

export const LOGS: [name: string, log: string][] = [
  ["MySQL 8.0", MYSQL_8],
  ["MariaDB 10.11", MARIADB_10_11],
  ["MySQL 5.7 without tabs", MYSQL_UNTABBED],
  ["MySQL 5.6", MYSQL_5_6],
];

const SHORT_BANNER = "mysqld, Version: 8.4.6. started with:\nTcp port: 1\nTime  Id Command\n";

/**
 * The same difficulties in a few hundred bytes of each format, for tests that try everything: their work grows with the cube
 * of the length.
 */
export const SHORT_LOGS: [name: string, log: string][] = [
  [
    "MySQL 5.7 to 8.4, in UTC",
    `${SHORT_BANNER}2026-11-23T05:36:15.123456Z\t    8 Query\tSELECT '寿\r
\t😀'\r
2026-11-23T05:36:15.12
\t\t    8 Query\tx
2026-11-23T05:36:15.200200Z\t    8 Close stmt\t
${SHORT_BANNER}2026-11-23T06:00:01.999999Z\t123456 Quit\t
`,
  ],
  [
    "MySQL 5.7 to 8.4, in another zone",
    `2026-11-23T07:36:15.123456+02:00\t    8 Init DB\tgrüße
2026-11-23T07:36:15.123456+02:00\t    9 Query\tSELECT 1,

 2 -- 2026-11-23T07:36:15.123456+02:00\t    9 Query\t
2026-11-23T07:36:15.200000+02:0x\t    9 Query\t
2026-11-22T23:06:15.200100-06:30\t    9 Execute\t
`,
  ],
  [
    "MySQL 5.7 without tabs",
    `2016-05-25T10:00:00.123456Z    8 Query\tSELECT '寿
2016-05-25T10:00:00.123456Z   8 Query\tx
2016-05-25T12:00:00.200000+02:0012345 Close stmt\t
${SHORT_BANNER}2016-05-25T10:00:01.000000Z    8 Quit\t
`,
  ],
  [
    "MySQL whose statements hold lines without tabs",
    `2016-05-25T10:00:00.123456Z\t    8 Query\tSELECT '
2016-05-25T10:00:00.123456Z    8 Query\tx'
2016-05-25T10:00:01.000000Z\t    8 Quit\t
`,
  ],
  [
    "nothing that is known, then MySQL",
    `10:00:00 8 SELECT 1
寿
2016-05-25T10:00:01.000000Z\t    8 Query\tSELECT 1
${SHORT_BANNER}rest
2016-05-25T10:00:02.000000Z\t    8 Quit\t
`,
  ],
  [
    "MariaDB",
    `\t\t     1 Query\tundated
/usr/sbin/mariadbd, Version: 10.11.19. started with:
Tcp port: 1  Unix socket: /s
Time\t\t    Id Command\tArgument
261123  5:07:33\t     4 Query\tinsert into t values ('寿
\tb','😀')
\t\t     4 Query\t\t\tselect
\t\t3 Things
261123 1
root/usr/sbin/mariadbd, Version: 10.11.19. started with:
Tcp port: 1  Unix socket: /s
Time\t\t    Id Command\tArgument
\t\t    12 Quit\t
261123 12:07:32\t     4 Quit\t
`,
  ],
];
