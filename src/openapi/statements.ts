import * as z from "zod";
import { workloadDigestSchema, workloadGroupsSchema, workloadTablesSchema } from "../workload/replies.ts";
import {
  digestQuerySchema,
  fingerprintSchema,
  groupsQuerySchema,
  tagsQuerySchema,
} from "../workload/schema.ts";
import { AWAY, ID, MEMBER, OF_WORKLOAD_READS } from "./captures.ts";
import * as examples from "./examples/workload.ts";
import type { Operation, Parameter } from "./operation.ts";
import { queryParameters, TABLE_FORMAT } from "./parameters.ts";
import { badFor, invalidFor, refusals } from "./refusals.ts";
import { asCsv } from "./tables.ts";

const FINGERPRINT: Parameter = {
  name: "fingerprint",
  in: "path",
  description: "The statement's fingerprint, as the digest has it.",
  schema: fingerprintSchema(),
  required: true,
  example: "8e1a6f0d5c3b2a47",
};

const GROUPED =
  "The first thousand that were seen are told apart, the rest is in `others`. With both logs, how many statements is of the general log, and how long they took of the slow log.";

/** Figures by user, host or tag. */
const groupOperation = (
  { id, path, summary, description }: Pick<Operation, "id" | "path" | "summary"> & { description: string },
  schema: z.ZodObject,
  parameters: Parameter[],
): Operation => ({
  id,
  method: "get",
  path,
  tag: "Workloads",
  summary,
  description: `${description} ${GROUPED}`,
  permission: MEMBER,
  credentials: "any",
  parameters: [ID, ...parameters],
  success: {
    status: 200,
    description: "The groups.",
    content: {
      "application/json": { schema: workloadGroupsSchema, example: examples.groups },
      ...asCsv("name,statements\r\napp,1100\r\n"),
    },
  },
  refusals: [invalidFor(schema, { format: ["xml"] }), ...OF_WORKLOAD_READS, AWAY],
});

const onlyFormat = () => queryParameters(groupsQuerySchema(), { format: TABLE_FORMAT });

/** `/api/captures/{id}/workload`: its statements, and its figures by what they say. */
export const statementOperations: Operation[] = [
  {
    id: "getWorkloadDigest",
    method: "get",
    path: "/api/captures/{id}/workload/digest",
    tag: "Workloads",
    summary: "Show a capture's statements, normalised and counted, and how long they took",
    description:
      "All that are counted, a page at a time. What is asked of them is of the whole capture; a statement that may be what was asked for, which is not known, is there with `mayMatch`.",
    permission: MEMBER,
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(digestQuerySchema(), {
        limit: { description: "How many of them." },
        cursor: {
          description:
            "The `fingerprint` of the last one of the page before: those behind it in the same order. While a capture runs, the order changes.",
          example: "8e1a6f0d5c3b2a47",
        },
        order: {
          description:
            "What the first have most of: time in all, calls, mean time, 99th percentile of time, or rows examined. Those that were not timed stand last, by calls. If absent, `time` with a slow log, else `calls`.",
        },
        table: {
          description:
            "Those that read or change this table, with or without its schema, in any letter case.",
          example: "orders",
        },
        user: { description: "Those that this user ran; together with `host` and `db`, there and in it." },
        host: { description: "Those that ran from this host." },
        db: { description: "Those that ran in this default database." },
        tag: {
          description: "Those with this tag of sqlcommenter, `key:value`; several with all of them.",
          example: ["action:checkout"],
        },
        contains: {
          description:
            "Those with this text in the statement or an example, in any letter case; for a viewer, in the normalised statement only.",
        },
        format: TABLE_FORMAT,
      }),
    ],
    success: {
      status: 200,
      description: "The statements, those with the most first.",
      content: {
        "application/json": { schema: z.array(workloadDigestSchema), example: [examples.digest] },
        ...asCsv("fingerprint,count,overcount,share\r\n8e1a6f0d5c3b2a47,640,0,0.5378\r\n"),
      },
    },
    refusals: [
      invalidFor(digestQuerySchema(), { limit: ["0"] }),
      ...refusals("cursorNotThere"),
      ...OF_WORKLOAD_READS,
      AWAY,
    ],
  },
  {
    id: "getWorkloadStatement",
    method: "get",
    path: "/api/captures/{id}/workload/digest/{fingerprint}",
    tag: "Workloads",
    summary: "Show one of a capture's statements",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID, FINGERPRINT],
    success: {
      status: 200,
      description: "The statement.",
      content: { "application/json": { schema: workloadDigestSchema, example: examples.digest } },
    },
    refusals: [
      badFor("badFingerprint", fingerprintSchema(), "x", "fingerprint"),
      ...OF_WORKLOAD_READS,
      ...refusals("statementNotFound"),
      AWAY,
    ],
  },
  {
    id: "getWorkloadTables",
    method: "get",
    path: "/api/captures/{id}/workload/tables",
    tag: "Workloads",
    summary: "Show a capture's figures by table",
    description:
      "Of the statements that are counted, by the tables that their text names. A statement counts for each of its tables.",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID, ...onlyFormat()],
    success: {
      status: 200,
      description: "The tables.",
      content: {
        "application/json": { schema: workloadTablesSchema, example: examples.tableGroups },
        ...asCsv("name,statements,reads,writes\r\norders,640,640,0\r\n"),
      },
    },
    refusals: [invalidFor(groupsQuerySchema(), { format: ["xml"] }), ...OF_WORKLOAD_READS, AWAY],
  },
  groupOperation(
    {
      id: "getWorkloadUsers",
      path: "/api/captures/{id}/workload/users",
      summary: "Show a capture's figures by user",
      description: "Who ran how many statements, and how long they took.",
    },
    groupsQuerySchema(),
    onlyFormat(),
  ),
  groupOperation(
    {
      id: "getWorkloadHosts",
      path: "/api/captures/{id}/workload/hosts",
      summary: "Show a capture's figures by host",
      description: "From where how many statements were sent, and how long they took.",
    },
    groupsQuerySchema(),
    onlyFormat(),
  ),
  groupOperation(
    {
      id: "getWorkloadTags",
      path: "/api/captures/{id}/workload/tags",
      summary: "Show a capture's figures by the values of a tag",
      description:
        "The tags that applications write into their statements in the manner of sqlcommenter. `traceparent` and `tracestate` are left out, values of more than 256 characters, and all but the first 16 keys. A capture without its literals has no tags.",
    },
    tagsQuerySchema(),
    queryParameters(tagsQuerySchema(), {
      key: {
        description: "The key of the tag; if absent, the groups are the keys that there are.",
        example: "action",
      },
      format: TABLE_FORMAT,
    }),
  ),
];
