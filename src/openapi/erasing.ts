import { eraseSchema } from "../captures/erase-schema.ts";
import { erasureBodySchema, erasureQuerySchema } from "../environments/erasure-schema.ts";
import { environmentErasureSchema, erasureSchema } from "../environments/replies.ts";
import { ID as CAPTURE_ID } from "./captures.ts";
import { ADMIN, ID, MEMBER } from "./environments.ts";
import * as examples from "./examples/environments.ts";
import type { Operation } from "./operation.ts";
import { queryParameters } from "./parameters.ts";
import { BAD_ID, invalidFor, OF_BODIES, OF_CALLERS, OF_WRITERS, refusals } from "./refusals.ts";

const STATEMENT = {
  "application/json": { schema: environmentErasureSchema, example: examples.environmentErasure },
};

/** The erasure of what captures have recorded. */
export const erasingOperations: Operation[] = [
  {
    id: "eraseCapture",
    method: "post",
    path: "/api/captures/{id}/erase",
    tag: "Erasure",
    summary: "Erase what a capture has recorded",
    description:
      "Its statements, figures and metrics, of a capture that has ended, also of a deleted one. Nobody can read them from now on, and " +
      "within some minutes they are erased: `finishedAt` says when. The capture itself stays, and says so. It can't be undone. One " +
      "that is erased already stays so.",
    permission: "Admins of the capture's environment.",
    credentials: "any",
    parameters: [CAPTURE_ID],
    body: {
      schema: eraseSchema(),
      examples: {
        all: { summary: "Workload and metrics", value: {} },
        workload: { summary: "The workload only", value: { keepMetrics: true } },
      },
    },
    success: {
      status: 200,
      description: "The erasure.",
      content: {
        "application/json": { schema: erasureSchema, example: { ...examples.erasure, finishedAt: null } },
      },
    },
    refusals: [
      invalidFor(eraseSchema(), { keepMetrics: "yes" }),
      BAD_ID,
      ...OF_BODIES,
      ...OF_WRITERS,
      ...refusals("notAdmin", "captureNotFound", "notEnded"),
    ],
  },
  {
    id: "getErasure",
    method: "get",
    path: "/api/environments/{id}/erasure",
    tag: "Erasure",
    summary: "Show what was erased of an environment, and what is left",
    description:
      "By its retention, on request, and of deleted captures: how many objects and bytes, when, and at whose request. Also of an " +
      "environment that was deleted, to those who were its admins then. What was erased is known for as long as the capture is shown, " +
      "and for `ERASURE_RECORD_DAYS` after that.",
    permission: `${MEMBER} Of a deleted environment, those who were its admins.`,
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(erasureQuerySchema(), {
        after: {
          description: "Of the captures with a greater id: the `next` of the page before.",
          example: "500",
        },
      }),
    ],
    success: { status: 200, description: "What was erased, and what is left.", content: STATEMENT },
    refusals: [
      invalidFor(erasureQuerySchema(), { after: ["first"] }),
      BAD_ID,
      ...OF_CALLERS,
      ...refusals("environmentNotFound"),
    ],
  },
  {
    id: "eraseEnvironment",
    method: "post",
    path: "/api/environments/{id}/erasure",
    tag: "Erasure",
    summary: "Erase the workloads of an environment, or all of it",
    description:
      "The workloads of all captures that have ended, deleted ones too; live ones are left. Or the environment: it is deleted, and all " +
      "that was its is erased within some minutes, not only when `DELETED_RETENTION_DAYS` are over. It can't be undone.",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID],
    body: {
      schema: erasureBodySchema(),
      examples: {
        workloads: { summary: "All workloads and metrics", value: { what: "workloads" } },
        environment: { summary: "The environment and all that is its", value: { what: "environment" } },
      },
    },
    success: { status: 200, description: "What was erased by now, and what is left.", content: STATEMENT },
    refusals: [
      invalidFor(erasureBodySchema(), { what: "everything" }),
      BAD_ID,
      ...OF_BODIES,
      ...OF_WRITERS,
      ...refusals("notAdmin", "environmentNotFound", "liveCaptures", "stillOwed"),
    ],
  },
];
