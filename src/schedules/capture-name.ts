import { localTimeAt } from "./local-time.ts";

/*
 * What the captures of a schedule are called: a text with placeholders.
 */

/** The placeholders: the schedule's name, the occurrence's local date and time, and how many captures there have been. */
export const PLACEHOLDERS = ["schedule", "date", "time", "number"] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

/** What captures are called unless somebody says otherwise. */
export const DEFAULT_CAPTURE_NAME = "{schedule} {date} {time}";

/** The most characters that a name may have before something is added to it; a capture's may have 100. */
const MAX_NAME = 80;
/** How many names with a number behind them are tried where others have the name. */
const TRIES = 9;

/** What a capture's name is made of. `occurrence` in milliseconds since the epoch. */
export interface Named {
  schedule: string;
  timeZone: string;
  occurrence: number;
  number: number;
}

/** A name, such as `nightly 2026-11-28 02:30` of `{schedule} {date} {time}`; in the schedule's time zone. */
export function captureName(template: string, { schedule, timeZone, occurrence, number }: Named): string {
  const local = new Date(localTimeAt(timeZone, occurrence)).toISOString();
  const values: Record<Placeholder, string> = {
    schedule,
    date: local.slice(0, 10),
    time: local.slice(11, 16),
    number: String(number),
  };
  const name = template.replace(/\{(\w+)\}/g, (text, key: string) => values[key as Placeholder] ?? text);
  return [...name].slice(0, MAX_NAME).join("").trim();
}

/**
 * The names to try, in their order: others may have the first, such as the capture of an hour that comes twice when clocks are put back.
 * Nobody else has the last.
 */
export function namesToTry(template: string, named: Named): string[] {
  const name = captureName(template, named);
  const numbered = Array.from({ length: TRIES - 1 }, (_, i) => `${name} (${i + 2})`);
  return [name, ...numbered, `${[...name].slice(0, 60).join("")} (${crypto.randomUUID()})`];
}

/** What stands in braces in a template and is no placeholder; a brace without the other one counts too. */
export const unknownPlaceholders = (template: string): string[] =>
  [...template.matchAll(/\{([^{}]*)\}?|\}/g)]
    .filter(([text, key]) => !text.endsWith("}") || !PLACEHOLDERS.includes(key as Placeholder))
    .map(([text]) => text);
