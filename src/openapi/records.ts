import { workloadRecordsSchema, workloadSessionSchema } from "../workload/search/replies.ts";
import { recordsQuerySchema, sessionQuerySchema, threadIdSchema } from "../workload/search/schema.ts";
import { AWAY, ID, NO_VIEWER, OF_STATEMENT_READS } from "./captures.ts";
import * as examples from "./examples/workload.ts";
import type { Operation } from "./operation.ts";
import { queryParameters } from "./parameters.ts";
import { invalidFor, refusals, TOO_MANY_COSTLY } from "./refusals.ts";

/** What every page of records is asked for by. */
const OF_PAGES = {
  log: { description: "Of which log; if absent, the capture's, and of both the general log." },
  from: { description: "From this moment on." },
  to: { description: "Before this moment." },
  limit: { description: "How many records at most. There may be fewer, and yet a next page." },
  cursor: {
    description:
      "Where to go on: the `next` of the page before, with the same parameters but for `limit`. If absent, from the beginning.",
  },
};

/** The records of `/api/captures/{id}/workload`. */
export const recordOperations: Operation[] = [
  {
    id: "getWorkloadRecords",
    method: "get",
    path: "/api/captures/{id}/workload/records",
    tag: "Workloads",
    summary: "Find records",
    description:
      "The records that are all of what is asked for, in the order in which they are stored or the other way round, while the capture runs too. One request does a bounded amount of work: it looks through some 64 MB of records, and gives some 8 MB of them. So a page may have few records, or none, and yet a `next` one.",
    permission: NO_VIEWER,
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(recordsQuerySchema(), {
        ...OF_PAGES,
        order: { description: "The oldest first, or the newest." },
        fingerprint: {
          description: "Of the statement with this fingerprint of the digest.",
          example: "8e1a6f0d5c3b2a47",
        },
        user: { description: "Of this user." },
        host: { description: "From this host, as the log has it." },
        db: {
          description:
            "With this default database, where the log says it. Not of a general log that was recorded before databases were stored.",
        },
        table: {
          description:
            "Of statements that read or write this table, in any letter case: `orders` in any schema, `shop.orders` also as `orders` where `shop` is the default database.",
          example: "orders",
        },
        tag: {
          description: "With this tag of sqlcommenter, a key and a value. Several are all to be there.",
          example: ["action:checkout"],
        },
        command: {
          description: "Of this command, as the log has it, in any letter case.",
          example: "Query",
        },
        threadId: { description: "Of this connection.", example: 17 },
        contains: {
          description:
            "Whose statement has this text, in any letter case. Each letter is compared for itself, by Unicode's mappings of one letter to one.",
          example: "checkout",
        },
        minDuration: {
          description:
            "Of the slow log: which took at least so many milliseconds, with at most three decimals.",
          example: 250,
        },
        errors: {
          description: "Of the slow log, where it says so: `true` for those that ended with an error.",
        },
      }),
    ],
    success: {
      status: 200,
      description: "A page of records.",
      content: { "application/json": { schema: workloadRecordsSchema, example: examples.records } },
    },
    refusals: [
      invalidFor(recordsQuerySchema(), { order: ["random"] }),
      ...refusals("notRecorded", "notTimed", "olderFingerprints", "databasesNotStored", "otherCursor"),
      TOO_MANY_COSTLY,
      ...OF_STATEMENT_READS,
      AWAY,
    ],
  },
  {
    id: "getWorkloadSession",
    method: "get",
    path: "/api/captures/{id}/workload/sessions/{threadId}",
    tag: "Workloads",
    summary: "Show what one connection did, and its transactions",
    description:
      "Its records, oldest first, a page at a time, and the transactions that ended there: those that a statement began, and with autocommit off those that began by themselves. A number that the server has given to several connections, since it was restarted, has the records of all of them.",
    permission: NO_VIEWER,
    credentials: "any",
    parameters: [
      ID,
      {
        name: "threadId",
        in: "path",
        description: "The connection's id, as records have it.",
        schema: threadIdSchema(),
        example: 17,
      },
      ...queryParameters(sessionQuerySchema(), OF_PAGES),
    ],
    success: {
      status: 200,
      description: "A page of the session.",
      content: { "application/json": { schema: workloadSessionSchema, example: examples.workloadSession } },
    },
    refusals: [
      invalidFor(sessionQuerySchema(), { limit: ["0"] }),
      ...refusals("notRecorded", "otherCursor", "sessionNotFound"),
      TOO_MANY_COSTLY,
      ...OF_STATEMENT_READS,
      AWAY,
    ],
  },
];
