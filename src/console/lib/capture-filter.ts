import type { CaptureFilter } from "../api/types.ts";

/** The orders of the list of captures, as a person reads them. */
export const SORTS = {
  "-created": "Newest first",
  created: "Oldest first",
  "-start": "Latest start first",
  start: "Earliest start first",
  name: "Name, A to Z",
  "-name": "Name, Z to A",
} as const satisfies Record<NonNullable<CaptureFilter["sort"]>, string>;

/** The list that an address asks for. What is no status, label or order the service refuses, in words. */
export function filterIn(query: URLSearchParams): CaptureFilter {
  const text = (name: string) => query.get(name) || undefined;
  const envId = text("envId");
  const schedule = text("schedule");
  const labels = query.getAll("label");
  return {
    envId: envId === undefined ? undefined : Number(envId),
    schedule: schedule === undefined ? undefined : Number(schedule),
    status: text("status") as CaptureFilter["status"],
    owner: text("owner"),
    label: labels.length === 0 ? undefined : labels,
    from: text("from"),
    to: text("to"),
    sort: text("sort") as CaptureFilter["sort"],
    cursor: text("cursor"),
  };
}
