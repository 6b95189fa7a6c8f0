import { logForm } from "./log-format.ts";
import { formatEntries } from "./slow-format.ts";
import type { SlowSettings } from "./slow-settings.ts";
import { generatedEntries } from "./slow-workload.ts";
import { generatedText, type Window, type Workload } from "./workload.ts";

/** What a server remembers of what it wrote to a log last. */
export interface Written {
  /** The second that was stated last, in seconds since the epoch; NaN for none. */
  readonly second: number;
  /** The default database that was stated last in this file; undefined for none. */
  readonly database: string | undefined;
}

/** What a server that has just started remembers. */
export const NOTHING_WRITTEN: Written = { second: NaN, database: undefined };

/** Makes the text of a log: a pure function of the time, and of what was written before. */
export interface TextSource {
  /** Whether what was written before matters. */
  readonly remembers: boolean;
  write(window: Window, before: Written): { text: string; written: Written };
}

/** What a workload writes to the general log. Each window's text begins with a time. */
export function generalSource(workload: Workload): TextSource {
  return {
    remembers: false,
    write: (window) => ({ text: generatedText({ ...workload, ...window }), written: NOTHING_WRITTEN }),
  };
}

/** What a workload writes to the slow log. */
export function slowSource(workload: Workload, settings: SlowSettings): TextSource {
  const form = logForm(workload.engine) ?? "mysql";
  return {
    remembers: true,
    write: (window, before) =>
      formatEntries(form, generatedEntries({ ...workload, ...window }, settings), settings, before),
  };
}
