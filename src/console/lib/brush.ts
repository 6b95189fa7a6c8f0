import { rangeQuery, readRange, type TimeRange } from "./range.ts";
import { navigate, usePlace, withQuery } from "./router.ts";

/** The range of time that is chosen for all of a page, and what chooses another. */
export interface Brush {
  /** Null for the whole capture. */
  range: TimeRange | null;
  choose: (range: TimeRange | null) => void;
}

/** The range in the address, and what puts another there: what is paged begins again. */
export function useBrush(): Brush {
  const place = usePlace();
  return {
    range: readRange(place.query),
    choose: (range) => navigate(withQuery(place, { ...rangeQuery(range), cursor: "" }), { replace: true }),
  };
}
