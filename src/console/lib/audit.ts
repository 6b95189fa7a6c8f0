import type { AuditEvent } from "../api/types.ts";

/** What a trail can be narrowed to: the first part of an action, and what that is called. */
export const KINDS = [
  ["workload", "Who read workloads"],
  ["capture", "Captures"],
  ["schedule", "Schedules"],
  ["member", "Members"],
  ["invite", "Invites"],
  ["environment", "The environment"],
  ["credentials", "Credentials"],
  ["webhook", "Webhooks"],
  ["erasure", "Erasure"],
  ["logs", "Parameter groups"],
] as const;

/** What was done, in words: those of the action, and what it was done to. */
export function actionText({ action, subject, details }: AuditEvent): string {
  const [kind = "", deed = ""] = action.split(".");
  const name = subject === null ? "" : ` ${subject.name ?? subject.id}`;
  if (kind === "workload") return `Workload of${name} ${deed}`;
  if (action === "capture.moved") return `Capture${name} is ${details.to ?? "moved"}`;
  if (kind === "logs") return `Logs of the parameter group ${deed}, for${name}`;
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${name} ${deed}`;
}

/** What else there is to say, as one line; empty when nothing is. */
export function detailsText({ action, details }: AuditEvent): string {
  if (action === "capture.moved") return details.reason === undefined ? "" : String(details.reason);
  return Object.entries(details)
    .filter(([name]) => name !== "invite")
    .map(([name, value]) => `${name}: ${[value].flat().join(", ")}`)
    .join("; ");
}
