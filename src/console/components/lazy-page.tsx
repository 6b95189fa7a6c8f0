import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLate, useOnline } from "../lib/hooks.ts";
import { focusNextHeading } from "../lib/router.ts";
import { Heading } from "./heading.tsx";
import { Skeleton } from "./loading.tsx";

/** How long a page's code may take before something is shown in its place, in milliseconds: what is there sooner should not flicker. */
const QUIET_MS = 200;

/** A page whose code is loaded when it is first shown. */
export interface LazyPage<P> {
  Page: ComponentType<P>;
  /** Loads its code ahead of time. If that fails, the page says so when it is shown. */
  preload: () => void;
}

/** Makes a page of its code, which is a file of its own in the build. A load that has failed is tried again with the next one. */
export function lazyPage<P extends object>(load: () => Promise<ComponentType<P>>): LazyPage<P> {
  let loaded: ComponentType<P> | undefined;
  let loading: Promise<void> | undefined;
  const begin = () => {
    loading ??= load().then(
      (page) => {
        loaded = page;
      },
      (error) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };

  function Page(props: P) {
    const [state, setState] = useState<"loading" | "loaded" | "failed">(loaded ? "loaded" : "loading");
    useEffect(() => {
      if (state !== "loading") return;
      let isGone = false;
      const settle = (next: "loaded" | "failed") => () => {
        if (!isGone) setState(next);
      };
      begin().then(settle("loaded"), settle("failed"));
      return () => {
        isGone = true;
      };
    }, [state]);
    const isLate = useLate(state === "loading", QUIET_MS);

    if (state === "failed") return <NotLoaded retry={() => setState("loading")} />;
    const Loaded = loaded;
    if (Loaded !== undefined) return <Loaded {...props} />;
    return isLate ? <Skeleton what="the page" lines={8} /> : null;
  }
  return { Page, preload: () => void begin().catch(() => {}) };
}

/** What is shown while the code of a page can't be loaded. It tries again by itself when the network is back. */
function NotLoaded({ retry }: { retry: () => void }) {
  const online = useOnline();
  const [wasOffline, setWasOffline] = useState(!online);
  const tryAgain = () => {
    focusNextHeading();
    retry();
  };
  useEffect(() => {
    if (!online) setWasOffline(true);
    else if (wasOffline) tryAgain();
  }, [online]);
  return (
    <>
      <Heading title="This page could not be loaded" />
      <div class="problem" role="alert">
        <p>
          {online
            ? "The console may have been updated since you opened it. Reload it to go on with the new one."
            : "There is no network. It goes on when the network is back."}
        </p>
        {online ? (
          <button type="button" onClick={() => location.reload()}>
            Reload the console
          </button>
        ) : (
          <button type="button" onClick={tryAgain}>
            Try again
          </button>
        )}
      </div>
    </>
  );
}
