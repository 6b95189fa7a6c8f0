import { auditClient } from "./audit.ts";
import { captures } from "./captures.ts";
import { environments } from "./environments.ts";
import { invites, members } from "./members.ts";
import { schedulesClient } from "./schedules.ts";
import { type CallOptions, type ClientOptions, Transport } from "./transport.ts";
import type { Health } from "./types.ts";
import { webhooksClient } from "./webhooks.ts";

export type { AuditEvent } from "./audit.ts";
export type { RecordsOptions } from "./captures.ts";
export {
  type DeviceKey,
  type DeviceLogin,
  type DeviceOptions,
  deviceLogin,
  pollDeviceLogin,
  startDeviceLogin,
} from "./device.ts";
export { CaptureEndedError, CapturesError } from "./error.ts";
export type {
  CalendarFeed,
  NewCalendarFeed,
  NewSchedule,
  Occurrences,
  Schedule,
  ScheduleChanges,
  ScheduleEvent,
  ScheduleFilter,
  ScheduleRule,
} from "./schedules.ts";
export type { WebSocketClass, WebSocketLike } from "./socket.ts";
export type { CallOptions, ClientOptions, CreateOptions } from "./transport.ts";
export type * from "./types.ts";
export type { WaitOptions } from "./watch.ts";
export type {
  NewWebhook,
  Webhook,
  WebhookChanges,
  WebhookDelivery,
  WebhookPayload,
  WebhookWithSecret,
} from "./webhooks.ts";

/** A client of the API. Its calls answer with what the API does, or throw a `CapturesError`. */
export type Client = ReturnType<typeof createClient>;

/** Makes a client. It holds no connection, and need not be closed. */
export function createClient(options: ClientOptions) {
  const transport = new Transport(options);
  return {
    captures: captures(transport),
    environments: environments(transport),
    schedules: schedulesClient(transport),
    webhooks: webhooksClient(transport),
    members: members(transport),
    invites: invites(transport),
    audit: auditClient(transport),
    /** Whether the service can do its work. It is asked once, without retries. @throws CapturesError with 503 when it can't */
    health: (options?: CallOptions) =>
      transport.json<Health>({ method: "GET", path: "/api/health", retries: 0, options }),
  };
}
