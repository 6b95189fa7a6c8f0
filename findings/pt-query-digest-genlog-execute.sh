#!/usr/bin/env bash
# pt-query-digest takes all prepared statements of a general log for one
#
# percona-toolkit 3.2.1-1 (Debian 12), November 2026, on the general log as MySQL 9.7.4 writes it.
#
# A statement that a client prepares by the binary protocol (most drivers and ORMs can, and some do by default) is in the general
# log with its text and values: `Execute<TAB>SELECT total FROM orders WHERE id = 7`. `pt-query-digest --type genlog` drops the text
# of each Prepare and Execute record and counts all of them as administrator commands. So the report of a prepared workload names
# none of its statements. In the slow log of the same server the same tool has them. Of the log below:
#
#   # Rank Query ID                           Response time Calls R/Call V/M
#   #    1 0x2A89113BB920BA301228F184663C8627  0.0000  0.0%     3 0.0000  0.00 ADMIN EXECUTE
#   #    2 0xDA556F9115773A1A99AA0165670CE848  0.0000  0.0%     2 0.0000  0.00 ADMIN PREPARE
#   #    3 0x1FE1379FE2A31B8D16219655761820A2  0.0000  0.0%     1 0.0000  0.00 SELECT
#
# For us: the text of an Execute record is counted as a statement (src/logs/general/commands.ts), and a Prepare is not.
#
# Needs Debian 12 after `apt-get update`, and perl. Exits with 1 when the behaviour has changed, with 2 when it can't be tried.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq percona-toolkit=3.2.1-1 2>apt.log || { cat apt.log >&2; exit 2; }
dpkg-deb -x percona-toolkit_*.deb .

cat >general.log <<'LOG'
/usr/sbin/mysqld, Version: 9.7.4-2 ((Debian)). started with:
Tcp port: 3306  Unix socket: /tmp/mysql.sock
Time                 Id Command    Argument
2026-11-27T18:00:05.180001Z	    8 Connect	shop@10.0.0.7 on shop using TCP/IP
2026-11-27T18:00:05.180102Z	    8 Prepare	SELECT total FROM orders WHERE id = ?
2026-11-27T18:00:05.180203Z	    8 Execute	SELECT total FROM orders WHERE id = 7
2026-11-27T18:00:05.180304Z	    8 Execute	SELECT total FROM orders WHERE id = 8
2026-11-27T18:00:05.180405Z	    8 Prepare	DELETE FROM carts WHERE customer = ?
2026-11-27T18:00:05.180506Z	    8 Execute	DELETE FROM carts WHERE customer = 3
2026-11-27T18:00:05.180607Z	    8 Query	SELECT 1
2026-11-27T18:00:05.180708Z	    8 Quit	
LOG

perl usr/bin/pt-query-digest --no-version-check --type genlog --limit 100% general.log >report.txt
grep -E '^# (Rank|   [0-9] 0x)' report.txt

fail() {
  echo "changed: $1" >&2
  exit 1
}
grep -qE ' 3 0\.0000  0\.00 ADMIN EXECUTE$' report.txt || fail "the three executions are not one class"
! grep -qE 'orders|carts' report.txt || fail "the report names a table of a prepared statement"
