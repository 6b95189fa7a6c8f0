import type { Capture, DigestQuery, Metrics, WorkloadSeries } from "../../client/types.ts";

/* The types of requests and replies. */

export type { ApiKey, Session as AccountSession, SignInWays, User } from "../../client/account.ts";
export type { AuditEvent } from "../../client/audit.ts";
export type { DeviceDecision, DeviceRequest } from "../../client/device.ts";
export type { NewSchedule, Schedule, ScheduleFilter } from "../../client/schedules.ts";
export type * from "../../client/types.ts";
export type {
  Webhook,
  WebhookChanges,
  WebhookDelivery,
  WebhookWithSecret,
} from "../../client/webhooks.ts";

/** A state of a capture. */
export type Status = Capture["status"];
/** What statements can be ordered by. */
export type DigestOrder = NonNullable<DigestQuery["order"]>;
/** One step of a series. */
export type SeriesPoint = WorkloadSeries["points"][number];

/** The metrics of a capture, and when they were read, in milliseconds. */
export interface ReadMetrics extends Metrics {
  readAt: number;
}
