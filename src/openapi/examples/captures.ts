import type { Capture, CaptureEvent, LiveMessage } from "../../captures/replies.ts";
import type { Metric } from "../../metrics/replies.ts";

/* Examples of captures, of their events and metrics, as the API would answer them. */

export const capture: Capture = {
  id: 1,
  name: "myCapture",
  start: "2018-05-19T22:06:53.000Z",
  scheduledStart: null,
  scheduledEnd: null,
  end: "2018-05-19T22:20:39.000Z",
  status: "DONE",
  envId: 1,
  type: "CAPTURE",
  reason: null,
};

export const events: CaptureEvent[] = [
  {
    time: "2026-11-23T08:45:23.156Z",
    from: null,
    to: "SCHEDULED",
    actor: { type: "user", id: "0wIn8Nq8RabNTeJ3hTgZIAv74UrDQBxH", name: "Demo" },
    reason: null,
  },
  {
    time: "2026-11-23T08:45:28.110Z",
    from: "SCHEDULED",
    to: "STARTED",
    actor: { type: "runner" },
    reason: null,
  },
];

export const liveMessage: LiveMessage = {
  capture: {
    ...capture,
    start: "2026-11-23T08:45:28.204Z",
    scheduledEnd: "2026-11-23T09:45:28.204Z",
    end: null,
    status: "RUNNING",
  },
  obstacle: null,
  clusterRole: null,
  workload: { records: 5343, statements: 4419, bytes: 893_952, gapCount: 0, problem: null },
};

export const metric: Metric = {
  label: "ReadIOPS",
  type: "READ IOPS",
  displayName: "READ IOPS",
  dataPoints: [{ Timestamp: "2018-05-17T00:53:00.000Z", Maximum: 0.06666888896296544, Unit: "Count/Second" }],
};
