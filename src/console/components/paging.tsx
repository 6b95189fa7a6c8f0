import { usePlace, withQuery } from "../lib/router.ts";

/** The ways to the first page and to the next. */
export function Paging({ next, isFirst }: { next: string | null; isFirst: boolean }) {
  const place = usePlace();
  if (next === null && isFirst) return null;
  return (
    <nav class="paging" aria-label="Pages">
      {!isFirst && (
        <a class="button" href={withQuery(place, { cursor: "" })}>
          First page
        </a>
      )}
      {next !== null && (
        <a class="button" rel="next" href={withQuery(place, { cursor: next })}>
          Next page
        </a>
      )}
    </nav>
  );
}
