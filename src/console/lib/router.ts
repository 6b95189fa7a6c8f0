import { useEffect, useState } from "preact/hooks";

/** Where the reader is. */
export interface Place {
  path: string;
  query: URLSearchParams;
  /** Without its `#`. */
  hash: string;
}

const here = (): Place => ({
  path: location.pathname,
  query: new URLSearchParams(location.search),
  hash: location.hash.slice(1),
});

const listeners = new Set<() => void>();
const moved = () => {
  for (const listener of listeners) listener();
};

let headingWantsFocus = false;

/** Whether a page's heading should take the focus: once after each move to another page, as a page load would put it. */
export function takeHeadingFocus(): boolean {
  const wanted = headingWantsFocus;
  headingWantsFocus = false;
  return wanted;
}

/** Has the next page's heading take the focus, as after a move: for a page that takes the place of the sign-in. */
export function focusNextHeading(): void {
  headingWantsFocus = true;
}

/** Goes to a path of the console; with `replace`, without a new entry in the history. */
export function navigate(to: string, { replace = false } = {}): void {
  const target = new URL(to, location.href);
  const isOtherPage = target.pathname !== location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", target);
  if (isOtherPage) {
    headingWantsFocus = true;
    scrollTo(0, 0);
  }
  moved();
}

/** Where the reader is, now and after each move. */
export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const update = () => setPlace(here());
    listeners.add(update);
    return () => void listeners.delete(update);
  }, []);
  return place;
}

/**
 * Lets plain links navigate inside the console, unless they are for the browser: another tab, a download, another site.
 * @param approached is told the path of a link that somebody points at, or has the focus on: they may follow it
 */
export function followLinks(approached: (path: string) => void): void {
  addEventListener("popstate", () => {
    headingWantsFocus = true;
    moved();
  });
  addEventListener("hashchange", moved);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = linkOf(event);
    if (link === null || (link.hash !== "" && link.pathname === location.pathname)) return;
    event.preventDefault();
    navigate(link.href);
  });
  for (const type of ["pointerover", "focusin"]) {
    document.addEventListener(type, (event) => {
      const link = linkOf(event);
      if (link !== null) approached(link.pathname);
    });
  }
}

/** The link inside the console that an event is about; null for none. */
function linkOf({ target }: Event): HTMLAnchorElement | null {
  const link = target instanceof Element ? target.closest("a") : null;
  if (link === null || link.target !== "" || link.hasAttribute("download")) return null;
  const isOurs = link.origin === location.origin && !/^\/(api|docs|openapi\.json)(\/|$)/.test(link.pathname);
  return isOurs ? link : null;
}

/** The address of this page with other query parameters; an empty value takes one away. */
export function withQuery(place: Place, changes: Record<string, string>): string {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  const search = query.toString();
  return search === "" ? place.path : `${place.path}?${search}`;
}
