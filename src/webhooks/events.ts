import type { Status } from "../db/states.ts";

/** What can be told of an environment's captures. */
export const EVENT_TYPES = [
  "capture.started",
  "capture.done",
  "capture.failed",
  "capture.gap",
  "statement.new",
  "log.left-on",
] as const;

/** The type of an event. */
export type EventType = (typeof EVENT_TYPES)[number];

/** The type of what the test button sends. */
export const TEST_TYPE = "webhook.test" as const;

/** What a webhook can be told: an event, or a test. */
export const TOLD_TYPES = [...EVENT_TYPES, TEST_TYPE] as const;

/** The event of a capture that comes to a state; of the other states nothing is told. */
export const EVENT_OF: Partial<Record<Status, EventType>> = {
  RUNNING: "capture.started",
  DONE: "capture.done",
  FAILED: "capture.failed",
};
