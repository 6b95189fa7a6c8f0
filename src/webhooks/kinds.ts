/** How events are told: in the form of Standard Webhooks, by an incoming webhook of Slack, or by e-mail. */
export const KINDS = ["standard", "slack", "email"] as const;

/** How a webhook tells events. */
export type Kind = (typeof KINDS)[number];
