import { stepTooFine, tooManyFragments, tooMuchWork } from "../workload/refusals.ts";
import {
  workloadAmazonSchema,
  workloadSchema,
  workloadSeriesSchema,
  workloadSpanSchema,
} from "../workload/replies.ts";
import { downloadQuerySchema, seriesQuerySchema, spanQuerySchema } from "../workload/schema.ts";
import { AWAY, ID, MEMBER, NO_VIEWER, OF_STATEMENT_READS, OF_WORKLOAD_READS } from "./captures.ts";
import * as examples from "./examples/workload.ts";
import type { Operation } from "./operation.ts";
import { queryParameters, TABLE_FORMAT } from "./parameters.ts";
import { ANY_NUMBER, ANY_TEXT, invalidFor, refusals, TOO_MANY_COSTLY, varies } from "./refusals.ts";
import { statementOperations } from "./statements.ts";
import { asCsv } from "./tables.ts";

/** What a workload lacks because no log of its kind has it. */
const NEVER_LOGGED = [
  "Live while it runs. What of the log could not be read is a gap.",
  "What a general log never has is no gap: the statements of stored procedures (their `CALL` is there, and those of functions, " +
    "triggers and events are); in MySQL, statements with a syntax error; statements of a client that was killed before they were " +
    "logged; MariaDB's values of a bulk execution, of which there is one `Execute` with `?` in their places; whether a statement " +
    "succeeded, and how long it took.",
  "What a slow log never has: connections; statements below `minDuration`, and those of sessions that were connected before it was " +
    "switched on (see `timing`); the statements of stored procedures, and in MySQL those of functions, triggers and events.",
].join("\n\n");

/** What the lines of NDJSON have. */
const LINES =
  "Lines of `{time, threadId, user, host, db?, command, fingerprint?, statement, truncated?}`: `fingerprint` is that of the statement's digest, where the record ran one. Captures of before have neither `fingerprint` nor, of the general log, `db`. Those of the slow log go on with `log` (`slow`), `timeIs` (`end`), `precisionMicros`, `server`, `db`, `durationMicros`, `lockMicros`, `rowsSent` and `rowsExamined`, and with as much as the server says of `routine`, `innerMicros`, `rowsAffected`, `bytesSent`, `bytesReceived`, `errno`, `killed`, `fullScan`, `fullJoin`, `tmpTables`, `tmpDiskTables`, `filesort`, `queryCacheHit` and `repeats`";

/** `/api/captures/{id}/workload`. */
export const workloadOperations: Operation[] = [
  {
    id: "getWorkload",
    method: "get",
    path: "/api/captures/{id}/workload",
    tag: "Workloads",
    summary: "Show what a capture recorded, in numbers",
    description: NEVER_LOGGED,
    permission: MEMBER,
    credentials: "any",
    parameters: [ID],
    success: {
      status: 200,
      description: "The workload's numbers.",
      content: { "application/json": { schema: workloadSchema, example: examples.workload } },
    },
    refusals: [...OF_WORKLOAD_READS, AWAY],
  },
  {
    id: "getWorkloadAmazon",
    method: "get",
    path: "/api/captures/{id}/workload/amazon",
    tag: "Workloads",
    summary: "Show what Amazon's own users ran, which the workload leaves out",
    description:
      "The users that AWS reserves on an instance, such as `rdsadmin`, and `rdsproxyadmin` of RDS Proxy: their records are in no digest, no series and no download. Of the general log, a session of `rdsadmin` that nobody saw connect is known by its heartbeat; such a session of another is taken for a customer's.",
    permission: NO_VIEWER,
    credentials: "any",
    parameters: [ID],
    success: {
      status: 200,
      description: "The users and their statements.",
      content: { "application/json": { schema: workloadAmazonSchema, example: examples.amazon } },
    },
    refusals: [...refusals("amazonNotCounted"), ...OF_STATEMENT_READS, AWAY],
  },
  ...statementOperations,
  {
    id: "getWorkloadSeries",
    method: "get",
    path: "/api/captures/{id}/workload/series",
    tag: "Workloads",
    summary: "Show how a workload, or one of its statements, went over time",
    description:
      "Steps of ten seconds at first, which double as a capture grows, so that there are at most 1,440. With both logs, how many statements ran is of the general log, and how long they took of the slow log. The first and the last step of a capture are part of its window only.",
    permission: MEMBER,
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(seriesQuerySchema(), {
        step: {
          description:
            "Seconds from one point to the next: a multiple of those that are kept, which are the default.",
        },
        fingerprint: {
          description:
            "Only the statement with this fingerprint of the digest: of the hundred that ran most, or took most time. Its points may begin later than the workload's, when it became one of these.",
          example: "8e1a6f0d5c3b2a47",
        },
        format: TABLE_FORMAT,
      }),
    ],
    success: {
      status: 200,
      description: "The points, in the order of time.",
      content: {
        "application/json": { schema: workloadSeriesSchema, example: examples.series },
        ...asCsv("time,statements\r\n2026-11-23T08:45:20.000Z,412\r\n"),
      },
    },
    refusals: [
      invalidFor(seriesQuerySchema(), { step: ["0"] }),
      varies("stepTooFine", stepTooFine(40), stepTooFine(ANY_NUMBER)),
      ...refusals("noSeries", "noSeriesOfStatement"),
      ...OF_WORKLOAD_READS,
      AWAY,
    ],
  },
  {
    id: "getWorkloadSpan",
    method: "get",
    path: "/api/captures/{id}/workload/series/statements",
    tag: "Workloads",
    summary: "Show what ran in a part of a capture's time, and which statements",
    description:
      "The sums of the series' steps that are in that time, at least in part: of the whole workload, and of each statement that has a series. Percentiles are of all calls in it.",
    permission: MEMBER,
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(spanQuerySchema(), {
        from: { description: "From this moment on." },
        to: { description: "Before this moment." },
        format: TABLE_FORMAT,
      }),
    ],
    success: {
      status: 200,
      description: "The sums.",
      content: {
        "application/json": { schema: workloadSpanSchema, example: examples.span },
        ...asCsv("fingerprint,statements\r\n8e1a6f0d5c3b2a47,640\r\n"),
      },
    },
    refusals: [
      invalidFor(spanQuerySchema(), { from: ["yesterday"] }),
      ...refusals("noSeries"),
      ...OF_WORKLOAD_READS,
      AWAY,
    ],
  },
  {
    id: "downloadWorkload",
    method: "get",
    path: "/api/captures/{id}/workload/download",
    tag: "Workloads",
    summary: "Download the records that a capture made",
    description:
      'A gzip file of JSON, a record a line; the same with `Content-Encoding`, or plain, as the client accepts it; the text of the log; SQL that runs the statements; or a table. In the place of lost records there is a line `{"missing": {"fragments", "after", "before"}}`, in SQL as a comment, in a log a comment of thread 0, and in a table nothing.',
    permission: NO_VIEWER,
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(downloadQuerySchema(), {
        log: { description: "Of which log; if absent, the capture's, and of both the general log." },
        format: {
          description:
            "A gzip file of NDJSON (`ndjson.gz`), to be kept; NDJSON (`ndjson`), to be read at once, in gzip on the way if `Accept-Encoding` says so; the text of the log (`log`); a file that `mysql` and `mariadb` run (`sql`); or a table (`csv`).",
        },
        from: { description: "From this moment on." },
        to: { description: "Before this moment." },
        threadId: { description: "Only the session of this connection.", example: 17 },
      }),
    ],
    success: {
      status: 200,
      description: "The file.",
      headers: {
        "Content-Disposition": {
          description: "The file's name.",
          schema: {
            type: "string",
            pattern:
              '^attachment; filename="capture-\\d+(-slow)?(-session-\\d+)?\\.(log|sql|csv|ndjson|ndjson\\.gz)"$',
          },
          required: true,
          example: 'attachment; filename="capture-1.ndjson.gz"',
        },
        "Content-Encoding": {
          description: "Only with `format=ndjson`, and only if the client accepts it.",
          schema: { type: "string", enum: ["gzip"] },
          example: "gzip",
        },
        "X-Workload-Incomplete": {
          description: "Which stored records are lost; only if some are.",
          schema: { type: "string" },
          example:
            "a fragment is missing after 2026-11-23T08:45:28.204113Z before 2026-11-23T08:51:02.000100Z",
        },
      },
      content: {
        "application/gzip": {
          schema: {
            type: "string",
            contentMediaType: "application/gzip",
            description: `${LINES}, compressed.`,
          },
        },
        "application/x-ndjson": {
          schema: { type: "string", description: `${LINES}.` },
          example:
            '{"time":"2026-11-23T08:45:28.204113Z","threadId":17,"user":"app","host":"10.0.0.7","command":"Query","statement":"SELECT * FROM orders WHERE id = 17"}\n',
        },
        "text/plain": {
          schema: {
            type: "string",
            description: "As MySQL 5.7 to 8.4 write a general log, or as MySQL writes a slow log.",
          },
          example: "2026-11-23T08:45:28.204113Z\t   17 Query\tSELECT * FROM orders WHERE id = 17\n",
        },
        "application/sql": {
          schema: {
            type: "string",
            description:
              "Each record as JSON in a line of comment, and behind it the statement, if it is to be run. `leftOut` says why one is not.",
          },
          example:
            '-- {"time":"2026-11-23T08:45:28.204113Z","threadId":17,"user":"app","host":"10.0.0.7","db":"shop","command":"Query"}\nSELECT * FROM orders WHERE id = 17\n;;\n',
        },
        ...asCsv(
          "time,threadId,user,host,db,command,fingerprint,statement\r\n2026-11-23T08:45:28.204113Z,17,app,10.0.0.7,shop,Query,8e1a6f0d5c3b2a47,SELECT * FROM orders WHERE id = 17\r\n",
        ),
      },
    },
    refusals: [
      invalidFor(downloadQuerySchema(), { format: ["xml"] }),
      ...refusals("notRecorded"),
      varies(
        "tooManyFragments",
        tooManyFragments(9000, 8000, "2026-11-23T08:45:28.204Z"),
        tooManyFragments(ANY_NUMBER, ANY_NUMBER, ANY_TEXT),
      ),
      varies(
        "tooMuchWork",
        tooMuchWork("sql", 240_000, 120_000, "2026-11-23T08:45:28.204Z"),
        tooMuchWork("sql", ANY_NUMBER * 1000, ANY_NUMBER * 1000, ANY_TEXT),
        tooMuchWork("csv", ANY_NUMBER * 1000, ANY_NUMBER * 1000, ANY_TEXT),
        tooMuchWork("log", ANY_NUMBER * 1000, ANY_NUMBER * 1000, ANY_TEXT),
        tooMuchWork("ndjson", ANY_NUMBER * 1000, ANY_NUMBER * 1000, ANY_TEXT),
        tooMuchWork("gzip", ANY_NUMBER * 1000, ANY_NUMBER * 1000, ANY_TEXT),
      ),
      TOO_MANY_COSTLY,
      ...OF_STATEMENT_READS,
      AWAY,
    ],
  },
];
