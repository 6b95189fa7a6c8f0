import { Account } from "./account.ts";
import type { PlanFigures } from "./extra-figures.ts";

/** What the header of an entry says. One object is used for all: nothing is allocated for text that is no header. */
export class HeaderFields {
  server: "mysql" | "mariadb" = "mysql";
  /** When the statement ended, in microseconds since the epoch; null where the header does not say, as MariaDB's. */
  endMicros: number | null = null;
  /** `SET timestamp`, in seconds since the epoch: when the statement began by the session's clock. */
  startSecond = 0;
  readonly account = new Account();
  threadId = 0;
  /** MariaDB's default database, and the name in MySQL's `use` line; null where there is none. */
  db: string | null = null;
  durationMicros = 0;
  lockMicros = 0;
  rowsSent = 0;
  rowsExamined = 0;
  rowsAffected: number | undefined;
  bytesSent: number | undefined;
  queryCacheHit: boolean | undefined;
  /** What else MariaDB or log_slow_extra say; null for nothing. */
  figures: PlanFigures | null = null;
}
