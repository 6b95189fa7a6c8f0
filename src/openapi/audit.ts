import * as z from "zod";
import { type AuditEvent, auditEventSchema } from "../audit/replies.ts";
import { auditQuerySchema, MAX_EXPORT } from "../audit/schema.ts";
import { ID } from "./environments.ts";
import * as examples from "./examples/environments.ts";
import { nextPage } from "./header-fields.ts";
import type { Operation } from "./operation.ts";
import { queryParameters } from "./parameters.ts";
import { BAD_ID, invalidFor, OF_CALLERS, refusals } from "./refusals.ts";

const event: AuditEvent = {
  id: 4711,
  time: "2026-11-28T18:21:07.114Z",
  action: "capture.stopped",
  actor: { id: examples.member.userId, name: examples.member.name, email: examples.member.email },
  via: "apiKey",
  credential: { id: "kQ0s1yJvYHhXr2Zb", name: "captures on build-7" },
  address: "203.0.113.7",
  subject: { kind: "capture", id: "1", name: "load test" },
  details: { from: "RUNNING", to: "STOPPING" },
};

/** What was done in an environment. */
export const auditOperations: Operation[] = [
  {
    id: "readAudit",
    method: "get",
    path: "/api/environments/{id}/audit",
    tag: "Members",
    summary: "Read what was done in an environment",
    description:
      "Who did what, when, and from where, and who read or downloaded which workload: of a capture's workload the first reading in " +
      `each hour of each user, session or key, address and kind. As NDJSON it is an export: ${MAX_EXPORT} events in a reply unless ` +
      "fewer are asked for, and a Link to go on. Rows are kept for a time that the operator sets, 400 days unless changed.",
    permission: "Admins of the environment; of one that is deleted, those who were its admins then.",
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(auditQuerySchema(), {
        actor: {
          description: "Only what this user has done, or this part of the service, such as `runner`.",
        },
        action: {
          description: "Only this action, or all whose names begin so: `capture` for all of captures.",
          example: "capture.deleted",
        },
        capture: { description: "Only what was done to this capture, or read of it.", example: 1 },
        from: { description: "Only from this time on." },
        to: { description: "Only before this time." },
        sort: { description: "By time: the newest first (`-time`), or the oldest (`time`)." },
        format: { description: "A list as JSON, or a file of NDJSON with an event in each line." },
        limit: { description: `How many: of JSON up to 1000, else 100; of NDJSON up to ${MAX_EXPORT}.` },
        cursor: { description: "Where to go on: follow the `Link` of the page before." },
      }),
    ],
    success: {
      status: 200,
      description: "The events.",
      headers: nextPage("/api/environments/1/audit"),
      content: {
        "application/json": { schema: z.array(auditEventSchema), example: [event] },
        "application/x-ndjson": {
          schema: { type: "string", description: "An event in each line, as JSON." },
          example: `${JSON.stringify(event)}\n`,
        },
      },
    },
    refusals: [
      BAD_ID,
      invalidFor(auditQuerySchema(), { action: ["Capture deleted"] }),
      ...OF_CALLERS,
      ...refusals("notAdmin", "environmentNotFound"),
    ],
  },
];
