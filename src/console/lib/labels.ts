import { refused } from "./refusals.ts";

/* Labels as they are typed: one in each line, its key, a colon and its value. */

/** The labels of a capture: texts by their keys. */
export type Labels = Record<string, string>;

/** Labels as they are typed. */
export const writeLabels = (labels: Readonly<Labels>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}: ${value}`)
    .join("\n");

/** A label as the list's filter and the address have it. */
export const labelFilter = (key: string, value: string): string => `${key}:${value}`;

/**
 * The labels that were typed.
 * @throws CapturesError as the service's refusals are, when a line has no colon or a key is there twice
 */
export function readLabels(text: string): Labels {
  const labels = new Map<string, string>();
  for (const line of text.split("\n").map((line) => line.trim())) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (colon < 1) throw refused(`labels: "${line}" needs a key and a value with a colon between them`);
    const key = line.slice(0, colon).trim();
    if (labels.has(key)) throw refused(`labels: "${key}" is there twice`);
    labels.set(key, line.slice(colon + 1).trim());
  }
  return Object.fromEntries(labels);
}
