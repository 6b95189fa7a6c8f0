import type { RefObject } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import { SessionContext, useSession } from "./session.ts";

/** Data of the API: what is known of it, and how the last request went. */
export interface Resource<T> {
  data: T | undefined;
  error: unknown;
  loading: boolean;
  /** Reads it again; what is known stays until then. */
  reload: () => void;
  /** Sets the data, such as from the reply to a change. */
  put: (data: T) => void;
}

interface Reading<T> {
  key: string | null;
  data: T | undefined;
  error: unknown;
  loading: boolean;
}

/**
 * Reads something, and again when its key changes, when the connection is back, and when somebody has signed in again.
 * @param key what it is; null for nothing yet
 * @param version of the same: with another one it is read again, and shown as it was until then
 */
export function useResource<T>(
  key: string | null,
  read: (signal: AbortSignal) => Promise<T>,
  version?: string,
): Resource<T> {
  // Without a session there is nothing to read again for.
  const epoch = useContext(SessionContext)?.epoch;
  const [round, setRound] = useState(0);
  const [state, setState] = useState<Reading<T>>({
    key: null,
    data: undefined,
    error: undefined,
    loading: true,
  });
  const reader = useRef(read);
  reader.current = read;

  // A new round, session or version only causes another reading.
  useEffect(() => {
    if (key === null) return;
    const abort = new AbortController();
    const settle = (result: Pick<Reading<T>, "data" | "error">) => {
      if (!abort.signal.aborted) setState({ key, loading: false, ...result });
    };
    // The data and the error stay until there is an answer.
    setState((before) =>
      before.key === key
        ? { ...before, loading: true }
        : { key, data: undefined, error: undefined, loading: true },
    );
    reader.current(abort.signal).then(
      (data) => settle({ data, error: undefined }),
      (error) => {
        if (!abort.signal.aborted) setState((before) => ({ key, data: before.data, loading: false, error }));
      },
    );
    return () => abort.abort();
  }, [key, round, epoch, version]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  const put = useCallback(
    (data: T) => setState((before) => ({ ...before, data, error: undefined, loading: false })),
    [],
  );
  useEffect(() => {
    addEventListener("online", reload);
    return () => removeEventListener("online", reload);
  }, [reload]);

  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : undefined,
    error: isCurrent ? state.error : undefined,
    loading: key !== null && (!isCurrent || state.loading),
    reload,
    put,
  };
}

/** Whether the tab can be seen. */
export function useVisible(): boolean {
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const update = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", update);
    return () => document.removeEventListener("visibilitychange", update);
  }, []);
  return visible;
}

/** Whether an element can be seen on the screen. */
export function useSeen(element: RefObject<Element | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)?.isIntersecting ?? false));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return seen;
}

/**
 * Calls a function every so often, while the tab can be seen, somebody is signed in, and `every` is not null; at once when it is
 * seen again.
 */
export function usePolling(poll: () => void, every: number | null): void {
  const { lost } = useSession();
  const visible = useVisible() && !lost;
  const current = useRef(poll);
  current.current = poll;
  const wasHidden = useRef(false);
  useEffect(() => {
    if (!visible) wasHidden.current = true;
    if (!visible || every === null) return;
    if (wasHidden.current) current.current();
    wasHidden.current = false;
    const timer = setInterval(() => current.current(), every);
    return () => clearInterval(timer);
  }, [visible, every]);
}

/** The time in milliseconds, every second; it stands still while the tab is hidden. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  usePolling(() => setNow(Date.now()), 1000);
  return now;
}

/** Whether something has been under way for longer than a time. */
export function useLate(isUnderWay: boolean, milliseconds: number): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!isUnderWay) return;
    const timer = setTimeout(() => setLate(true), milliseconds);
    return () => clearTimeout(timer);
  }, [isUnderWay, milliseconds]);
  return isLate;
}

/** A value as it was when it last stayed the same for a time, such as a text while somebody types. */
export function useSettled(value: string, milliseconds: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}

/** Whether the browser has a network. */
export function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    addEventListener("online", update);
    addEventListener("offline", update);
    return () => {
      removeEventListener("online", update);
      removeEventListener("offline", update);
    };
  }, []);
  return online;
}

/**
 * Idempotency keys for a form. The same body, sent again after a lost answer, has the same key; a changed body has a new one.
 */
export function useRequestKey(): (body: object) => string {
  const sent = useRef({ body: "", key: "" });
  return (body) => {
    const text = JSON.stringify(body);
    if (text !== sent.current.body) sent.current = { body: text, key: crypto.randomUUID() };
    return sent.current.key;
  };
}
