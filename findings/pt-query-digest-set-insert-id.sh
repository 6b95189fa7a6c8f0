#!/usr/bin/env bash
# pt-query-digest loses entries of MariaDB's slow log after a statement that sets timestamp or insert_id
#
# percona-toolkit 3.2.1-1 (Debian 12), November 2026, on the slow log as MariaDB 10.11.19 and 11.8.9 write it.
#
# The server writes a line `SET timestamp=..;` before each statement, and no `# Time:` line before an entry of the same second.
# Where the statement itself is `SET timestamp..` (also `= DEFAULT`), `SET insert_id..` or `SET last_insert_id..`, in this case, as
# whoever replays a slow log sends it, pt-query-digest takes all entries up to the next `# Time:` line for a part of it. Their
# statements and times are missing from the report, and nothing says so. The log below has four entries that took 13 s, and the
# slowest two are lost:
#
#   # Overall: 2 total, 3 unique, 2 QPS, 1.00x concurrency ___________________
#   # Exec time             1s   100us      1s   500ms      1s   707ms   500ms
#   #    1 0x4F04BBAD83FD46BD61B48DFF833823F0 1.0000 100.0%     1 1.0000  0.00 SELECT customers
#
# For us: a reader of the slow log begins an entry only at a complete header, and reads one statement after `SET timestamp`, whatever
# that statement is.
#
# Needs Debian 12 after `apt-get update`, and perl. Exits with 1 when the behaviour has changed, with 2 when it can't be tried.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq percona-toolkit=3.2.1-1 2>apt.log || { cat apt.log >&2; exit 2; }
dpkg-deb -x percona-toolkit_*.deb .

cat >slow.log <<'LOG'
/usr/sbin/mariadbd, Version: 10.11.19-MariaDB-0+deb12u1 (Debian 12). started with:
Tcp port: 3306  Unix socket: /run/mysqld/mysqld.sock
Time		    Id Command	Argument
# Time: 261127 18:01:10
# User@Host: shop[shop] @ app1 [10.0.0.7]
# Thread_id: 4  Schema: shop  QC_hit: No
# Query_time: 0.000100  Lock_time: 0.000020  Rows_sent: 0  Rows_examined: 0
# Rows_affected: 0  Bytes_sent: 11
use `shop`;
SET timestamp=1795802470;
SET insert_id=100;
# User@Host: shop[shop] @ app1 [10.0.0.7]
# Thread_id: 5  Schema: shop  QC_hit: No
# Query_time: 5.000000  Lock_time: 0.000020  Rows_sent: 1  Rows_examined: 900000
# Rows_affected: 0  Bytes_sent: 57
SET timestamp=1795802470;
SELECT COUNT(*) FROM orders WHERE note LIKE '%late%';
# User@Host: shop[shop] @ app1 [10.0.0.7]
# Thread_id: 6  Schema: shop  QC_hit: No
# Query_time: 7.000000  Lock_time: 0.000020  Rows_sent: 0  Rows_examined: 900000
# Rows_affected: 12  Bytes_sent: 11
SET timestamp=1795802470;
UPDATE orders SET state = 'late' WHERE due < NOW();
# Time: 261127 18:01:11
# User@Host: shop[shop] @ app1 [10.0.0.7]
# Thread_id: 7  Schema: shop  QC_hit: No
# Query_time: 1.000000  Lock_time: 0.000020  Rows_sent: 1  Rows_examined: 1
# Rows_affected: 0  Bytes_sent: 57
SET timestamp=1795802471;
SELECT id FROM customers WHERE id = 7;
LOG

perl usr/bin/pt-query-digest --no-version-check --type slowlog --limit 100% slow.log >report.txt
grep -E '^# (Overall|Exec time|   [0-9] 0x)' report.txt

fail() {
  echo "changed: $1" >&2
  exit 1
}
grep -q '^# Overall: 2 total' report.txt || fail "the report has another number of entries than 2"
grep -q '^# Exec time  *1s ' report.txt || fail "the report has another time than 1 s"
! grep -qE '^# +[0-9]+ 0x.* UPDATE orders' report.txt || fail "the report has the UPDATE of 7 s"
