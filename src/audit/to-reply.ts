import { addressHint } from "../lib/address-hint.ts";
import { isoTime } from "../lib/values.ts";
import { ACTIONS, SUBJECTS, type Subject } from "./actions.ts";
import { type Details, readDetails } from "./details.ts";
import type { AuditRow } from "./queries.ts";
import type { AuditEvent } from "./replies.ts";

/** A row of an audit trail as the API shows it. */
export function toAuditEvent(row: AuditRow): AuditEvent {
  const { id, time, action, actor, actorName, actorEmail, via, credentialId, credentialName, address } = row;
  return {
    id,
    time: isoTime(time),
    action,
    actor: { id: actor, name: actorName, email: actorEmail },
    via,
    credential: credentialId === null ? null : { id: credentialId, name: credentialName },
    address,
    subject:
      row.subjectId === null ? null : { kind: kindOf(action), id: row.subjectId, name: row.subjectName },
    details: detailsOf(row),
  };
}

/** Of webhooks, earlier versions have noted more of an address than may be shown. */
function detailsOf({ action, details }: AuditRow): Details {
  const said = readDetails(details);
  return action.startsWith("webhook.") && typeof said.address === "string"
    ? { ...said, address: addressHint(said.address) }
    : said;
}

/** What an action is done to; of one that another version of the service has noted, what its name says. */
function kindOf(action: string): Subject {
  if (action in ACTIONS) return ACTIONS[action as keyof typeof ACTIONS];
  return SUBJECTS.find((subject) => action.startsWith(`${subject}.`)) ?? "environment";
}
