import { endsInThePast } from "../captures/refusals.ts";
import { changeSchema } from "../captures/schema.ts";
import { ID, ONE_CAPTURE, planRefusal } from "./captures.ts";
import { IF_MATCH, IF_NONE_MATCH_OF_CHANGE, ONE_TAG } from "./header-fields.ts";
import type { Operation } from "./operation.ts";
import { BAD_ID, invalidFor, OF_BODIES, OF_WRITERS, refusalOf, refusals } from "./refusals.ts";

const OWNER = "The capture's owner who is not a viewer, and admins of its environment.";
/** The refusals of every change to a capture. */
const OF_CHANGES = [
  BAD_ID,
  ...OF_WRITERS,
  ...refusals("notOwnerOrAdmin", "viewerMayNotChange", "captureNotFound", "outdated", "excluded"),
];

/** What people do to a capture that there is. */
export const captureChangeOperations: Operation[] = [
  {
    id: "changeCapture",
    method: "put",
    path: "/api/captures/{id}",
    tag: "Captures",
    summary: "Change a capture",
    description: `Its name, labels and notes at any time. \`scheduledStart\` and \`duration\` of one that is still SCHEDULED; \`duration\`,
counted from its start, of one that is RUNNING. What is absent stays; labels are replaced all at once.`,
    permission: OWNER,
    credentials: "any",
    parameters: [ID, IF_MATCH, IF_NONE_MATCH_OF_CHANGE],
    body: {
      schema: changeSchema(),
      examples: {
        rename: { summary: "Another name", value: { name: "newName" } },
        label: {
          summary: "Labels and notes",
          value: { labels: { release: "1.2" }, notes: "With the new index" },
        },
        extend: { summary: "Two hours altogether", value: { duration: 7200 } },
        postpone: { summary: "Another start", value: { scheduledStart: "2026-11-24T03:00:00Z" } },
      },
    },
    success: {
      status: 200,
      description: "The capture as it is now.",
      headers: ONE_TAG,
      content: ONE_CAPTURE,
    },
    refusals: [
      invalidFor(changeSchema(), { name: "" }),
      ...refusals("duplicateName", "durationTooShort"),
      planRefusal("durationTooLong", "duration-too-long"),
      planRefusal("scheduledInThePast", "scheduled-in-the-past"),
      planRefusal("scheduledTooFarAhead", "scheduled-too-far-ahead"),
      ...OF_BODIES,
      ...OF_CHANGES,
      ...refusals("backDated", "justStarting", "startedAlready", "endedAlready"),
      {
        ...refusalOf("endsInThePast", endsInThePast(Date.parse("2026-11-23T12:00:00Z"))),
        pattern: "duration: the capture would have ended at \\S+, which has passed\\. .+",
      },
    ],
  },
  {
    id: "deleteCapture",
    method: "delete",
    path: "/api/captures/{id}",
    tag: "Captures",
    summary: "Delete a capture",
    description: "A capture that has not ended is ended first. The reply shows it as it was.",
    permission: OWNER,
    credentials: "any",
    parameters: [ID, IF_MATCH, IF_NONE_MATCH_OF_CHANGE],
    success: { status: 200, description: "The capture as it was.", content: ONE_CAPTURE },
    refusals: OF_CHANGES,
  },
  {
    id: "stopCapture",
    method: "post",
    path: "/api/captures/{id}/stop",
    tag: "Captures",
    summary: "Stop a capture",
    description: "Only a running capture. The rest of its log is read before it is DONE.",
    permission: OWNER,
    credentials: "any",
    parameters: [ID, IF_MATCH, IF_NONE_MATCH_OF_CHANGE],
    success: { status: 200, description: "The capture as it is now.", content: ONE_CAPTURE },
    refusals: [...OF_CHANGES, ...refusals("alreadyStopped", "alreadyFailed", "notStartedYet")],
  },
  {
    id: "cancelCapture",
    method: "post",
    path: "/api/captures/{id}/cancel",
    tag: "Captures",
    summary: "Cancel a capture",
    description:
      "Only one that does not run yet: SCHEDULED, STARTED or STARTING. It is FAILED then, and its reason says why.",
    permission: OWNER,
    credentials: "any",
    parameters: [ID, IF_MATCH, IF_NONE_MATCH_OF_CHANGE],
    success: {
      status: 200,
      description: "The capture as it is now.",
      headers: ONE_TAG,
      content: ONE_CAPTURE,
    },
    refusals: [...OF_CHANGES, ...refusals("cancelRunning", "cancelEnded")],
  },
  {
    id: "restoreCapture",
    method: "post",
    path: "/api/captures/{id}/restore",
    tag: "Captures",
    summary: "Bring a deleted capture back",
    description: `As long as its data is kept: \`restorableUntil\` of \`view=full\` says how long. It comes back in the state that its deletion
has left it in: one that had not ended was ended by that. A capture that is not deleted stays as it is.`,
    permission: OWNER,
    credentials: "any",
    parameters: [ID, IF_MATCH, IF_NONE_MATCH_OF_CHANGE],
    success: {
      status: 200,
      description: "The capture as it is now.",
      headers: ONE_TAG,
      content: ONE_CAPTURE,
    },
    refusals: [...OF_CHANGES, ...refusals("nameTaken")],
  },
];
