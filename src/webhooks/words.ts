import { isoTime } from "../lib/values.ts";
import type { Told } from "./payload.ts";

/* What people are told of an event, by Slack and by e-mail, in plain text. */

/** The most characters of a statement, and how many of them. */
const MAX_STATEMENT = 200;
const MAX_STATEMENTS = 5;

/** An event in one line, such as a subject. */
export function titleOf({ type, facts }: Told): string {
  const { capture, environment, more } = facts;
  const name = `Capture "${capture?.name ?? ""}" of ${environment.name}`;
  switch (type) {
    case "capture.started":
      return `${name} has started`;
    case "capture.done":
      return `${name} is done`;
    case "capture.failed":
      return `${name} has failed`;
    case "capture.gap":
      return `${name} has ${counted(more.gaps?.count ?? 0, "new gap")}`;
    case "statement.new":
      return `${name} has ${counted(more.statements?.count ?? 0, "new statement")}`;
    case "log.left-on":
      return `A log of ${environment.name} is still on`;
    case "webhook.test":
      return `A test of the notifications of ${environment.name}`;
  }
}

/** What there is to say of an event besides, line by line. */
export function linesOf({ facts: { more } }: Told): string[] {
  const { reason, counts, gaps, base, statements, parameterGroup } = more;
  const lines: string[] = [];
  if (parameterGroup !== undefined) lines.push(`The parameter group ${parameterGroup} is not restored.`);
  if (reason != null) lines.push(reason);
  if (counts != null)
    lines.push(`${counted(counts.statements, "statement")}, ${counted(counts.gapCount, "gap")}`);
  for (const { from, to, cause } of gaps?.first ?? [])
    lines.push(`${isoTime(from)} to ${isoTime(to)}: ${cause}`);
  if (base !== undefined) lines.push(`Compared with "${base.name}":`);
  for (const { digest, calls } of statements?.first.slice(0, MAX_STATEMENTS) ?? [])
    lines.push(`${calls} × ${digest.length > MAX_STATEMENT ? `${digest.slice(0, MAX_STATEMENT)}…` : digest}`);
  return lines;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
