import type { ComponentChildren } from "preact";
import type { Resource } from "../lib/hooks.ts";
import { describe } from "../lib/refusals.ts";

/** What went wrong, and a way to try again. */
export function Failure({
  error,
  retry,
  busy = false,
}: {
  error: unknown;
  retry?: () => void;
  /** Whether it is being tried again. */
  busy?: boolean;
}) {
  return (
    <div class="problem" role="alert">
      <p>{describe(error)}</p>
      {retry !== undefined && (
        <button type="button" aria-disabled={busy} onClick={busy ? undefined : retry}>
          {busy ? "Trying…" : "Try again"}
        </button>
      )}
    </div>
  );
}

/** Grey lines where something will be. */
export function Skeleton({ lines = 3, what }: { lines?: number; what: string }) {
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">Loading {what}…</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} aria-hidden="true" />
      ))}
    </div>
  );
}

/** Shows a resource: a skeleton until it is there, and an error above the data that is still known. */
export function Loaded<T>({
  resource,
  what,
  lines,
  children,
}: {
  resource: Resource<T>;
  /** In words, for those who hear it. */
  what: string;
  lines?: number;
  children: (data: T) => ComponentChildren;
}) {
  const { data, error, loading, reload } = resource;
  return (
    <>
      {error !== undefined && <Failure error={error} retry={reload} busy={loading} />}
      {data === undefined && error === undefined && loading && (
        <Skeleton what={what} {...(lines !== undefined && { lines })} />
      )}
      {data !== undefined && children(data)}
    </>
  );
}
