import { isoTime } from "../lib/values.ts";
import type { Facts } from "./facts.ts";
import type { WebhookPayload } from "./replies.ts";

/** An event that is to be told. */
export interface Told {
  type: WebhookPayload["type"];
  /** When it happened, in milliseconds since the epoch. */
  time: number;
  sequence: number;
  facts: Facts;
  /** The origin of the console. */
  origin: string;
}

/** Where the console shows what an event is about. */
export function linkOf({ type, facts, origin }: Told): string {
  const { capture, environment, more } = facts;
  if (capture === undefined || type === "log.left-on") return `${origin}/environments/${environment.id}`;
  const page = `${origin}/captures/${capture.id}`;
  return more.base === undefined ? page : `${page}/compare?with=${more.base.id}`;
}

/** What a receiver is sent, before it is JSON. */
export function toPayload(told: Told): WebhookPayload {
  const { capture, environment, more } = told.facts;
  const { reason, counts, gaps, base, statements, parameterGroup } = more;
  return {
    type: told.type,
    timestamp: isoTime(told.time),
    data: {
      version: 1,
      sequence: told.sequence,
      url: linkOf(told),
      environment,
      ...(capture && {
        capture: { ...capture, start: isoTime(capture.start), end: isoTime(capture.end) },
      }),
      ...(reason != null && { reason }),
      ...(counts != null && { counts }),
      ...(gaps && {
        gaps: {
          ...gaps,
          first: gaps.first.map(({ from, to, cause }) => ({ from: isoTime(from), to: isoTime(to), cause })),
        },
      }),
      ...(base && { base }),
      ...(statements && { statements }),
      ...(parameterGroup !== undefined && { parameterGroup }),
    },
  };
}
