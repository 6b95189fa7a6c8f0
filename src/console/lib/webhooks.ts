import type { Webhook, WebhookDelivery } from "../api/types.ts";

/** What each event is called. */
const EVENT_NAMES: Record<WebhookDelivery["type"], string> = {
  "capture.started": "A capture has started",
  "capture.done": "A capture is done",
  "capture.failed": "A capture has failed",
  "capture.gap": "A part of a log could not be read",
  "statement.new": "A capture has new statements",
  "log.left-on": "A log was left on",
  "webhook.test": "A test",
};

/** What an event is called. */
export const eventName = (type: WebhookDelivery["type"]): string => EVENT_NAMES[type];

/** What each kind is called. */
export const KIND_NAMES: Record<Webhook["kind"], string> = {
  standard: "Standard Webhooks",
  slack: "Slack",
  email: "E-mail",
};

/** What each state is called, and which status it has the colours of. */
export const STATES: Record<
  Webhook["state"],
  { name: string; look: "ready" | "warning" | "failed" | "scheduled" }
> = {
  active: { name: "Active", look: "ready" },
  failing: { name: "Failing", look: "warning" },
  paused: { name: "Paused", look: "scheduled" },
  disabled: { name: "Switched off", look: "failed" },
};

/** What became of a delivery, in a few words. */
export function outcomeOf({ status, attempts, lastAttempts }: WebhookDelivery): string {
  const last = lastAttempts.at(-1);
  if (status === "delivered") return `Delivered at attempt ${attempts}`;
  const why = (attempts > 0 && last?.error) || "To be sent";
  return status === "dead" ? `Given up: ${why}` : why;
}
