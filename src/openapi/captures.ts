import * as z from "zod";
import type { PlanRefusal } from "../captures/plan.ts";
import {
  metricsErased,
  monthFull,
  refusePlan,
  tooManyLive,
  tooManySockets,
  workloadErased,
} from "../captures/refusals.ts";
import {
  captureEventSchema,
  captureSchema,
  fullCaptureSchema,
  liveMessageSchema,
} from "../captures/replies.ts";
import { createSchema, getSchema, listSchema, MAX_WAIT_S } from "../captures/schema.ts";
import { periodTooFine, tooManyPoints } from "../metrics/refusals.ts";
import { metricSchema } from "../metrics/replies.ts";
import { metricsQuerySchema } from "../metrics/schema.ts";
import { MAX_REPLY_POINTS } from "../metrics/window.ts";
import * as examples from "./examples/captures.ts";
import { IDEMPOTENCY_KEY, IF_NONE_MATCH, nextPage, ONE_TAG, PAGE_TAG, REPLAYED } from "./header-fields.ts";
import type { Answer, Header, Operation, Refusal } from "./operation.ts";
import { idParameter, queryParameters } from "./parameters.ts";
import {
  ANY_NUMBER,
  ANY_TEXT,
  BAD_ID,
  invalidFor,
  OF_BODIES,
  OF_CALLERS,
  OF_KEYS,
  OF_WRITERS,
  refusal,
  refusalOf,
  refusals,
  saysForNow,
  saysLike,
  TOO_MANY_COSTLY,
  varies,
} from "./refusals.ts";

/** The capture in a path. */
export const ID = idParameter("id", "The capture's id.");
/** Who may read the figures of a capture. */
export const MEMBER = "Members of the capture's environment.";
/** Who may read what its statements say. */
export const NO_VIEWER = "Members of the capture's environment who are not viewers.";
/** A reply with one capture. */
export const ONE_CAPTURE = { "application/json": { schema: captureSchema, example: examples.capture } };
/** What of a capture is shown, as one or in a list. */
const plainOrFull = () => z.union([captureSchema, fullCaptureSchema]);
const VIEW = { description: "`full` for all that is known of a capture but its workload." };
/** The answer to a read whose ETag is still current. */
export const unchanged = (headers: Record<string, Header>): Answer => ({
  status: 304,
  description: "Nothing has changed since the `ETag` in `If-None-Match`.",
  headers,
});
/** The refusal when a runner can't be asked what its capture has recorded. */
export const AWAY = refusal("workloadAway");
/** The refusal of a capture that can't be made, with fixed words. */
export const planRefusal = (name: string, reason: PlanRefusal): Refusal =>
  refusalOf(name, refusePlan(reason, { status: null }));
/** More WebSockets of one user than may watch a capture. */
const TOO_MANY_SOCKETS = varies("tooManySockets", tooManySockets(20), tooManySockets(ANY_NUMBER));

/** The refusals of every read of a capture. */
export const OF_CAPTURE_READS = [BAD_ID, ...OF_CALLERS, ...refusals("captureEnvironmentNotFound")];

const ERASED_AT = "2026-11-28T09:12:40.114Z";
const REASONS = ["retention", "request", "deletion"] as const;

/** The refusal of what needs the workload of a capture that was erased. */
export const ERASED = varies(
  "workloadErased",
  workloadErased(ERASED_AT, "request"),
  ...REASONS.map((why) => workloadErased(ANY_TEXT, why)),
);
/** The same of the capture that another one is compared with. */
export const OTHER_ERASED = varies(
  "otherWorkloadErased",
  workloadErased(ERASED_AT, "retention", "with"),
  ...REASONS.map((why) => workloadErased(ANY_TEXT, why, "with")),
);
const METRICS_ERASED = varies(
  "metricsErased",
  metricsErased(ERASED_AT, "request"),
  ...REASONS.map((why) => metricsErased(ANY_TEXT, why)),
);
/** The refusals of every read of a capture's workload. */
export const OF_WORKLOAD_READS = [...OF_CAPTURE_READS, ERASED, refusal("workloadDamaged")];
/** The refusals of every read of what its statements say. */
export const OF_STATEMENT_READS = [...refusals("viewerMayNotRead"), ...OF_WORKLOAD_READS];

/** `/api/captures`, but for the workload. */
export const captureOperations: Operation[] = [
  {
    id: "listCaptures",
    method: "get",
    path: "/api/captures",
    tag: "Captures",
    summary: "List captures",
    description:
      "The captures of all your environments, a page at a time, newest first unless another order is asked for.",
    permission: "Whoever is signed in; `envId` must be an environment that you are a member of.",
    credentials: "any",
    parameters: [
      ...queryParameters(listSchema(), {
        envId: { description: "Only those of an environment." },
        status: { description: "Only those in a state, in any letter case." },
        name: { description: "Only those of exactly this name." },
        search: {
          description: "Only those whose name has this text in it, in any case of the letters A to Z.",
        },
        schedule: { description: "Only those that were made of a schedule: its id." },
        owner: {
          description: "Only those that a user has made: the user's id, or `me`.",
          example: "me",
        },
        label: {
          description:
            "Only those with this label: its key, a colon, and its value. Given several times, only those with all of them.",
          example: ["release:1.2"],
        },
        from: {
          description:
            "Only those that recorded at this time or later, or are to. One that has not ended lasts until its scheduled end, or for ever.",
          example: "2026-11-23T12:00:00Z",
        },
        to: {
          description: "Only those that began, or are to begin, before this time.",
          example: "2026-11-23T13:00:00Z",
        },
        sort: {
          description:
            "The order: by when they were made (`created`), began or are to begin (`start`), or by name (`name`, by code points); with a hyphen backwards. `-created` if absent.",
        },
        view: VIEW,
        limit: { description: "The most captures on a page." },
        cursor: { description: "Where a page begins: follow the `Link` header instead of making one." },
      }),
      IF_NONE_MATCH,
    ],
    success: {
      status: 200,
      description: "A page of captures.",
      headers: { ...PAGE_TAG, ...nextPage("/api/captures") },
      content: { "application/json": { schema: z.array(plainOrFull()), example: [examples.capture] } },
    },
    others: [unchanged(PAGE_TAG)],
    refusals: [
      invalidFor(listSchema(), { limit: ["0"] }),
      ...OF_CALLERS,
      ...refusals("cursorOfAnotherOrder", "environmentNotFound"),
    ],
  },
  {
    id: "createCapture",
    method: "post",
    path: "/api/captures",
    tag: "Captures",
    summary: "Make a capture",
    description: "It starts at once, or at its scheduled start.",
    permission: "Members of the environment who are not viewers.",
    credentials: "any",
    parameters: [IDEMPOTENCY_KEY],
    body: {
      schema: createSchema(),
      examples: {
        now: { summary: "From now on, for an hour", value: { name: "myCapture", envId: 1, duration: 3600 } },
        scheduled: {
          summary: "At a time, until it is stopped",
          value: { name: "nightly", envId: 1, scheduledStart: "2026-11-24T02:00:00Z" },
        },
        labelled: {
          summary: "With labels and notes, to find it by",
          value: {
            name: "load test",
            envId: 1,
            duration: 600,
            labels: { release: "1.2", team: "checkout" },
            notes: "After the index on orders was added.",
          },
        },
        slow: {
          summary: "With how long statements took, of those that took 100 ms or longer",
          value: { name: "slow", envId: 1, duration: 3600, log: "slow", minDuration: 100 },
        },
        past: {
          summary: "Of the past: back-dated",
          value: {
            name: "myCapture",
            start: "2018-05-19 12:00:00",
            end: null,
            envId: 1,
            scheduledStart: null,
          },
        },
      },
    },
    success: {
      status: 200,
      description: "The capture.",
      headers: {
        ...ONE_TAG,
        ...REPLAYED,
      },
      content: ONE_CAPTURE,
    },
    refusals: [
      invalidFor(createSchema(), { envId: 1 }),
      ...refusals("duplicateName", "durationTooShort", "noScheduledStart"),
      planRefusal("durationTooLong", "duration-too-long"),
      planRefusal("scheduledWithStart", "scheduled-but-started"),
      planRefusal("scheduledInThePast", "scheduled-in-the-past"),
      planRefusal("scheduledTooFarAhead", "scheduled-too-far-ahead"),
      varies(
        "scheduledOtherwise",
        refusePlan("scheduled-but-another-status", { status: "STARTED" }),
        refusePlan("scheduled-but-another-status", { status: "STARTED" }),
        refusePlan("scheduled-but-another-status", { status: "STARTING" }),
      ),
      planRefusal("startInTheFuture", "start-in-the-future"),
      ...OF_BODIES,
      ...OF_WRITERS,
      ...OF_KEYS,
      ...refusals("viewerMayNotChange", "environmentNotFound"),
      varies("tooManyLive", tooManyLive(100), tooManyLive(ANY_NUMBER)),
      varies("monthFull", monthFull(1_000_000_000_000), monthFull(ANY_NUMBER)),
    ],
  },
  {
    id: "getCapture",
    method: "get",
    path: "/api/captures/{id}",
    tag: "Captures",
    summary: "Show a capture",
    description: `With \`wait\`, the reply comes once the capture has another state, or the time is over; with \`If-None-Match\` too, at
once if the capture has changed since. With \`view=full\`, a deleted capture is shown as long as it can be brought back.`,
    permission: MEMBER,
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(getSchema(), {
        view: VIEW,
        wait: {
          description: `How many seconds to wait for another state, at most ${MAX_WAIT_S}. The reply to a capture that has ended comes at once.`,
          example: 60,
        },
      }),
      IF_NONE_MATCH,
    ],
    success: {
      status: 200,
      description: "The capture.",
      headers: ONE_TAG,
      content: {
        "application/json": { schema: plainOrFull(), example: examples.capture },
      },
    },
    others: [unchanged(ONE_TAG)],
    refusals: [invalidFor(getSchema(), { wait: ["61"] }), ...OF_CAPTURE_READS, ...refusals("tooManyWait")],
  },
  {
    id: "getCaptureMetrics",
    method: "get",
    path: "/api/captures/{id}/metrics",
    tag: "Captures",
    summary: "Show a capture's CloudWatch metrics",
    description:
      "From CloudWatch until they have settled some minutes after the capture's end, from then on from the service's own store. " +
      "They are sixteen, or of an Aurora instance thirty-two.",
    permission: MEMBER,
    credentials: "any",
    parameters: [
      ID,
      ...queryParameters(metricsQuerySchema(), {
        type: {
          description:
            "Only these: the API's names or CloudWatch's (`ReadIOPS`), in any letter case. Those of another engine are refused.",
          example: ["READ IOPS"],
        },
        period: {
          description: "Seconds from one point to the next; the smallest possible period if absent.",
        },
      }),
    ],
    success: {
      status: 200,
      description: "The metrics, each with the maximum of each period.",
      headers: {
        "X-Metrics-Source": {
          description: "`archive`: final. `cloudwatch`: not stored yet, may still grow.",
          schema: { type: "string", enum: ["cloudwatch", "archive"] },
          required: true,
          example: "archive",
        },
        "X-Metrics-Period": {
          description: "Seconds from one point to the next; absent when there can't be any.",
          schema: { type: "integer", minimum: 60, multipleOf: 60 },
          example: 60,
        },
        "X-Metrics-Incomplete": {
          description: "What is missing; only if something is.",
          schema: { type: "string" },
          example: "CloudWatch has forgotten all before 2025-08-25T12:00:00.000Z",
        },
      },
      content: { "application/json": { schema: z.array(metricSchema), example: [examples.metric] } },
    },
    refusals: [
      invalidFor(metricsQuerySchema(), { period: ["61"] }),
      varies(
        "periodTooFine",
        periodTooFine("cloudwatch", 300),
        periodTooFine("cloudwatch", ANY_NUMBER),
        periodTooFine("archive", ANY_NUMBER),
      ),
      refusalOf("tooManyPoints", tooManyPoints(MAX_REPLY_POINTS)),
      TOO_MANY_COSTLY,
      ...OF_CAPTURE_READS,
      METRICS_ERASED,
      ...refusals("metricsUnreadable"),
      saysLike(
        "awsRefused",
        502,
        "AWS refused the credentials: cloudwatch:GetMetricData answered: The security token included in the request is invalid (UnrecognizedClientException). There is no such access key: check the access key id, and that the key is active.",
        "(AWS (refused the credentials|does not permit it|did not accept the request|did not find what was asked for)|There is no RDS instance).+",
      ),
      saysForNow(
        "awsAway",
        "AWS is throttling requests of this account: cloudwatch:GetMetricData answered: Rate exceeded (Throttling). Try again soon.",
        "(AWS (is throttling requests of this account|could not answer): |The clock of this service is wrong, |\\w+:\\w+ answered ).+ Try again soon\\.( Is .+)?",
      ),
      saysLike(
        "awsLate",
        504,
        "cloudwatch:GetMetricData did not answer within 10 seconds (Timeout). Try again soon.",
        "\\w+:\\w+ (did not answer within .+ seconds|could not be reached) .+ Try again soon\\.( Is .+)?",
      ),
    ],
  },
  {
    id: "listCaptureEvents",
    method: "get",
    path: "/api/captures/{id}/events",
    tag: "Captures",
    summary: "Show a capture's history",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID],
    success: {
      status: 200,
      description: "Its transitions, oldest first.",
      content: { "application/json": { schema: z.array(captureEventSchema), example: examples.events } },
    },
    refusals: OF_CAPTURE_READS,
  },
  {
    id: "watchCapture",
    method: "get",
    path: "/api/captures/{id}/live",
    tag: "Captures",
    summary: "Watch a capture",
    description: `The capture and its progress. With \`Upgrade: websocket\` (RFC 6455) it is sent at first, and after every transition and
reading of the log, each time as a message like the body of the 200. The service closes the WebSocket with 1000 when the capture has
ended; within a minute with 4401 when the watcher is not signed in any more, and with 4404 when they may not see the capture any more.
Send only the text \`ping\`, which is answered with \`pong\`; anything else closes the WebSocket with 1008. A page of an origin that is
not listed can't open one with a visitor's cookie.`,
    permission: MEMBER,
    credentials: "any",
    parameters: [ID],
    success: {
      status: 200,
      description: "The capture now.",
      content: { "application/json": { schema: liveMessageSchema, example: examples.liveMessage } },
    },
    others: [{ status: 101, description: "The connection is a WebSocket from here on." }],
    refusals: [...OF_CAPTURE_READS, ...refusals("otherOrigin", "tooManyWatch"), TOO_MANY_SOCKETS, AWAY],
  },
];
