import { comparisonSchema } from "../workload/compare/replies.ts";
import { compareQuerySchema } from "../workload/compare/schema.ts";
import { reportQuerySchema } from "../workload/report/schema.ts";
import { AWAY, ID, MEMBER, OF_WORKLOAD_READS, OTHER_ERASED } from "./captures.ts";
import { comparison } from "./examples/comparing.ts";
import type { Operation } from "./operation.ts";
import { queryParameters, TABLE_FORMAT } from "./parameters.ts";
import { invalidFor, refusals, TOO_MANY_COSTLY } from "./refusals.ts";
import { asCsv } from "./tables.ts";

const HOW = [
  "Rates are by the minute that was really recorded: the window without its gaps. So captures of different lengths compare.",
  "A statement has changed if something of it differs by `minChange` and by more than chance, for which each test allows one error in a thousand: of calls as Poisson counts, of time in all as their sums, of a percentile by whether the intervals around it meet, which a median has from 9 calls on and a 95th percentile from 103. Rows are taken to vary from call to call as times do, and need 10 calls in both. Figures that may be too high are taken at their least, or most, whichever makes the smaller change. Statements come in bursts: what differs may still be chance.",
  "Captures of different kinds are compared by what both have. `notes` says what can't be compared.",
].join("\n\n");

/** `/api/captures/{id}/workload/compare`, and the report. */
export const comparingOperations: Operation[] = [
  {
    id: "compareWorkloads",
    method: "get",
    path: "/api/captures/{id}/workload/compare",
    tag: "Workloads",
    summary: "Show what has changed in a capture since another",
    description: HOW,
    permission: `${MEMBER.replace(".", "")} who are members of the other one's, too.`,
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(compareQuerySchema(), {
        with: { description: "The id of the other capture, the base.", example: 2 },
        minCalls: { description: "Only statements that ran so often in one of the captures." },
        minChange: {
          description:
            "By what part something has to differ: 0.2 is 1.2 times as much, or as little. With 0, `changed` has all statements that both have.",
        },
        order: {
          description:
            "What the first changed most, or have most of: time a minute, calls a minute, median or 95th percentile of time, rows examined a minute. If absent, `time` where times are compared, else `calls`.",
        },
        change: { description: "Of the changed statements only those with this change." },
        limit: { description: "How many statements of each list; 100 if absent." },
        cursor: {
          description: "One of `next`: the list that it is of goes on there, and the others are empty.",
          example: "changed.100.8e1a6f0d5c3b2a47",
        },
        format: TABLE_FORMAT,
      }),
    ],
    success: {
      status: 200,
      description: "Both captures, and their statements.",
      content: {
        "application/json": { schema: comparisonSchema, example: comparison },
        ...asCsv("fingerprint,part,unknown,isSure\r\n8e1a6f0d5c3b2a47,changed,,true\r\n"),
      },
    },
    refusals: [
      invalidFor(compareQuerySchema(), { with: ["2"], minChange: ["-1"] }),
      ...refusals("sameCapture", "otherCaptureNotFound"),
      ...OF_WORKLOAD_READS,
      OTHER_ERASED,
      AWAY,
    ],
  },
  {
    id: "reportWorkload",
    method: "get",
    path: "/api/captures/{id}/workload/report",
    tag: "Workloads",
    summary: "Download a report of a capture, to send round",
    description:
      "One file that needs no other: what was recorded and when, its load, the statements that took most time (or ran most), gaps, series and metrics. As HTML it has no scripts and asks no other host; the charts are SVG. As Markdown, statements stand in fenced blocks, and charts are figures. Metrics that can't be read are said to be missing.",
    permission: `${MEMBER.replace(".", "")} who are members of the base's, too.`,
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(reportQuerySchema(), {
        format: { description: "HTML, or Markdown." },
        with: {
          description:
            "The id of a capture to compare with: the report says what is new, gone, slower and faster.",
          example: 2,
        },
      }),
    ],
    success: {
      status: 200,
      description: "The file.",
      headers: {
        "Content-Disposition": {
          description: "The file's name.",
          schema: { type: "string", pattern: '^attachment; filename="capture-\\d+\\.(html|md)"$' },
          required: true,
          example: 'attachment; filename="capture-1.html"',
        },
      },
      content: {
        "text/html": { schema: { type: "string", contentMediaType: "text/html" } },
        "text/markdown": { schema: { type: "string", contentMediaType: "text/markdown" } },
      },
    },
    refusals: [
      invalidFor(reportQuerySchema(), { format: ["pdf"] }),
      ...refusals("sameCapture", "otherCaptureNotFound"),
      TOO_MANY_COSTLY,
      ...OF_WORKLOAD_READS,
      OTHER_ERASED,
      AWAY,
    ],
  },
];
