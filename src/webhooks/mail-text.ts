import { linkOf, type Told } from "./payload.ts";
import { linesOf, titleOf } from "./words.ts";

/** An event as an e-mail. */
export function toMail(told: Told): { subject: string; text: string } {
  const { environment } = told.facts;
  const text = [
    `${titleOf(told)}.`,
    ...linesOf(told),
    linkOf(told),
    `You get this because an admin of the environment ${environment.name} has asked for it. To get no more, delete the notification at ${told.origin}/environments/${environment.id}/webhooks`,
  ];
  return { subject: titleOf(told), text: `${text.join("\n\n")}\n` };
}
