import type { LeftOut } from "../record.ts";
import { decode } from "./block-text.ts";
import type { Command } from "./commands.ts";
import type { OpenRecord } from "./parser-state.ts";

/** The record that a parser reads, and then the next one: one object, since an object for each record would be garbage soon after. */
export class Open {
  /** Whether there is one; else the rest means nothing. */
  isOpen = false;
  /** NaN when its time is not known. */
  timeMicros = Number.NaN;
  threadId = 0;
  command: Command = "Query";
  start = 0;
  /** What was read of its statement before the lines that are being read, and how many characters all of that has. */
  text = "";
  length = 0;
  /** Where its statement begins, or goes on, in the lines that are being read; -1 where it has nothing in them. */
  at = -1;
  /** Whether it began in these lines. */
  isWhole = false;
  leftOut: LeftOut | undefined = undefined;
  isAfterOpening: boolean | undefined = undefined;

  /** Goes on with a record. */
  restore(from: OpenRecord | null): void {
    this.isOpen = from !== null;
    if (from === null) return;
    const { timeMicros, leftOut, isAfterOpening, ...others } = from;
    Object.assign(this, others, { timeMicros: timeMicros ?? Number.NaN, leftOut, isAfterOpening });
  }

  /** The record as it is stored between two portions, with all that was read of it; null where there is none. */
  get state(): OpenRecord | null {
    if (!this.isOpen) return null;
    const { timeMicros, threadId, command, start, text, length, leftOut, isAfterOpening } = this;
    return {
      timeMicros: Number.isNaN(timeMicros) ? null : timeMicros,
      threadId,
      command,
      start,
      text: detach(text),
      length,
      ...(leftOut !== undefined && { leftOut }),
      ...(isAfterOpening !== undefined && { isAfterOpening }),
    };
  }
}

/** A copy that keeps no other text in memory. */
const detach = (text: string): string => decode(new TextEncoder().encode(text));
