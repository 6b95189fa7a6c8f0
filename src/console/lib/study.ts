import type { Place } from "./router.ts";

/** The pages that a capture's workload is studied on. */
export type StudyPage = "statements" | "records" | "tables" | "users" | "sessions";

/**
 * The address of a page of a capture. The range of time that is chosen goes along.
 * @param page null for the capture's own page
 * @param more what else the address is to say; empty values are left out
 */
export function studyPath(
  captureId: number,
  page: StudyPage | null,
  { query }: Pick<Place, "query">,
  { item, ...more }: { item?: string } & Record<string, string | undefined> = {},
): string {
  const kept = new URLSearchParams();
  for (const [name, value] of [
    ["from", query.get("from")],
    ["to", query.get("to")],
    ...Object.entries(more),
  ] as const) {
    if (value) kept.set(name, value);
  }
  const path = [`/captures/${captureId}`, page, item === undefined ? null : encodeURIComponent(item)];
  const search = kept.toString();
  return path.filter((part) => part !== null).join("/") + (search === "" ? "" : `?${search}`);
}
