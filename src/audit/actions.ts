/*
 * What can be done in an environment. An action's name is what it is done to, and what was done.
 */

/** What an action is done to. */
export const SUBJECTS = ["environment", "member", "invite", "capture", "schedule", "webhook"] as const;
/** One of them. */
export type Subject = (typeof SUBJECTS)[number];

/** The actions of the audit trail, and what each is done to. */
export const ACTIONS = {
  "environment.created": "environment",
  "environment.changed": "environment",
  "environment.checked": "environment",
  "environment.deleted": "environment",
  /** Other credentials, whatever else was changed with them. */
  "credentials.changed": "environment",
  "member.added": "member",
  "member.changed": "member",
  "member.removed": "member",
  "invite.created": "invite",
  "invite.revoked": "invite",
  "capture.created": "capture",
  "capture.changed": "capture",
  "capture.stopped": "capture",
  "capture.cancelled": "capture",
  "capture.deleted": "capture",
  "capture.restored": "capture",
  /** The service has moved it on to another state. */
  "capture.moved": "capture",
  /** What it recorded was erased for good. */
  "capture.erased": "capture",
  "schedule.created": "schedule",
  "schedule.changed": "schedule",
  "schedule.paused": "schedule",
  "schedule.resumed": "schedule",
  "schedule.deleted": "schedule",
  "webhook.created": "webhook",
  "webhook.changed": "webhook",
  "webhook.deleted": "webhook",
  /** A test was sent, or a delivery again. */
  "webhook.tested": "webhook",
  "webhook.redelivered": "webhook",
  /** The service has switched it off. */
  "webhook.disabled": "webhook",
  /** An admin, or the environment's retention, has what a capture recorded erased. */
  "erasure.requested": "capture",
  /** A parameter group: a capture needs its logs, they were given back, that has failed, or was given up. */
  "logs.held": "capture",
  "logs.restored": "capture",
  "logs.owed": "capture",
  "logs.abandoned": "capture",
  /** Figures or statements were read, records searched, a report made, records downloaded. */
  "workload.read": "capture",
  "workload.searched": "capture",
  "workload.reported": "capture",
  "workload.downloaded": "capture",
} as const satisfies Record<string, Subject>;

/** An action that this version of the service notes. */
export type Action = keyof typeof ACTIONS;

/** A reading of what a capture has recorded. */
export type Reading = Extract<Action, `workload.${string}`>;

/** An action as SQL has it. */
export const actionSql = (action: Action): string => `'${action}'`;
