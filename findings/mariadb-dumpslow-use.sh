#!/usr/bin/env bash
# mariadb-dumpslow counts one statement as two, by whether the server wrote `use` before it
#
# mariadb-client 1:10.11.19-0+deb12u1 (Debian 12), November 2026, on the slow log as the same MariaDB writes it.
#
# Before an entry whose session has another database than the entry before it, the server writes that database's name:
# "use `shop`;", always in backticks. mariadb-dumpslow (also installed as mysqldumpslow) removes such a line by the pattern
# `^use \w+;\n`, which has no backticks, and then removes `SET timestamp=..;` only from the beginning. So both lines stay as a part
# of the statement: where two databases are in use, each statement is in the report twice or more, and neither its count nor its
# time is right. Of the two executions below, it makes two statements:
#
#   Count: 1  Time=2.00s (1s)  Lock=0.00s (0s)  Rows_sent=1.0 (1), Rows_examined=9000.0 (9000), Rows_affected=0.0 (0), shop[shop]@app1
#     use `shop`;
#     SET timestamp=N;
#     SELECT total FROM orders WHERE id = N
#
#   Count: 1  Time=2.00s (1s)  Lock=0.00s (0s)  Rows_sent=1.0 (1), Rows_examined=9000.0 (9000), Rows_affected=0.0 (0), shop[shop]@app1
#     SELECT total FROM orders WHERE id = N
#
# For us: a reader of the slow log takes `use` with and without backticks, MySQL writes it without.
#
# Needs Debian 12 after `apt-get update`, and perl. Exits with 1 when the behaviour has changed, with 2 when it can't be tried.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq mariadb-client=1:10.11.19-0+deb12u1 2>apt.log || { cat apt.log >&2; exit 2; }
dpkg-deb -x mariadb-client_*.deb .

cat >slow.log <<'LOG'
/usr/sbin/mariadbd, Version: 10.11.19-MariaDB-0+deb12u1 (Debian 12). started with:
Tcp port: 3306  Unix socket: /run/mysqld/mysqld.sock
Time		    Id Command	Argument
# Time: 261127 18:01:10
# User@Host: shop[shop] @ app1 [10.0.0.7]
# Thread_id: 4  Schema: shop  QC_hit: No
# Query_time: 2.000000  Lock_time: 0.000020  Rows_sent: 1  Rows_examined: 9000
# Rows_affected: 0  Bytes_sent: 57
use `shop`;
SET timestamp=1795802470;
SELECT total FROM orders WHERE id = 7;
# User@Host: shop[shop] @ app1 [10.0.0.7]
# Thread_id: 4  Schema: shop  QC_hit: No
# Query_time: 2.000000  Lock_time: 0.000020  Rows_sent: 1  Rows_examined: 9000
# Rows_affected: 0  Bytes_sent: 57
SET timestamp=1795802470;
SELECT total FROM orders WHERE id = 8;
LOG

perl usr/bin/mariadb-dumpslow slow.log >report.txt 2>messages.txt
cat report.txt

fail() {
  echo "changed: $1" >&2
  exit 1
}
[ "$(grep -c '^Count: 1 ' report.txt)" = 2 ] || fail "the two executions are not two statements"
grep -q 'use `shop`;' report.txt || fail "the report has no line of use"
