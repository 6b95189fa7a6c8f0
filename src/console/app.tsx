import { useCallback, useEffect, useState } from "preact/hooks";
import { account, onUnauthenticated } from "./api/client.ts";
import type { User } from "./api/types.ts";
import { Dialog } from "./components/dialog.tsx";
import { lazyPage } from "./components/lazy-page.tsx";
import { Failure, Skeleton } from "./components/loading.tsx";
import { Shell } from "./components/shell.tsx";
import { SignIn } from "./components/sign-in.tsx";
import { ToastProvider } from "./components/toasts.tsx";
import { focusNextHeading, navigate, usePlace } from "./lib/router.ts";
import { SessionContext } from "./lib/session.ts";
import { OpenPages } from "./open-pages.tsx";
import { Pages } from "./pages.tsx";

const { Page: SignOnPage } = lazyPage(async () => (await import("./pages/sign-on.tsx")).SignOnPage);

type State =
  | { is: "unknown" }
  | { is: "unreachable"; error: unknown }
  | { is: "out" }
  | { is: "in"; user: User; epoch: number; lost: boolean };

/**
 * The console. Without a session, the sign-in stands in the place of the page, and the page follows it, but for the few pages that
 * need none. If a session ends while somebody works, a dialog renews it, and the page keeps its state.
 */
export function App() {
  const [state, setState] = useState<State>({ is: "unknown" });

  const find = useCallback(() => {
    setState({ is: "unknown" });
    account.user().then(
      (user) => setState(user === null ? { is: "out" } : { is: "in", user, epoch: 0, lost: false }),
      (error) => setState({ is: "unreachable", error }),
    );
  }, []);
  useEffect(find, [find]);
  useEffect(() => {
    onUnauthenticated(() => {
      setState((before) => (before.is === "in" ? { ...before, lost: true } : { is: "out" }));
    });
  }, []);

  const signedIn = (user: User) => {
    // The sign-in gives its place to the page; a dialog gives the focus back itself.
    if (state.is !== "in") focusNextHeading();
    setState((before) => {
      const epoch = before.is === "in" ? before.epoch + 1 : 0;
      return { is: "in", user, epoch, lost: false };
    });
  };
  const signedOut = () => {
    setState({ is: "out" });
  };
  const renamed = (name: string) => {
    setState((before) => (before.is === "in" ? { ...before, user: { ...before.user, name } } : before));
  };
  const deleted = () => {
    signedOut();
    navigate("/captures", { replace: true });
  };

  // Coming back from a provider finishes a sign-in, also where another account was signed in.
  const provider = /^\/sign-on\/([a-z0-9-]{1,32})\/?$/.exec(usePlace().path)?.[1];
  if (provider !== undefined) {
    return (
      <ToastProvider>
        <Shell user={null} onSignedOut={signedOut}>
          <SignOnPage provider={provider} onSignedIn={find} />
        </Shell>
      </ToastProvider>
    );
  }

  return (
    <ToastProvider>
      <Shell user={state.is === "in" ? state.user : null} onSignedOut={signedOut}>
        {state.is === "unknown" && <Skeleton what="the console" lines={8} />}
        {state.is === "unreachable" && <Failure error={state.error} retry={find} />}
        {(state.is === "out" || state.is === "in") && (
          <OpenPages user={state.is === "in" && !state.lost ? state.user : null} onSignedIn={signedIn}>
            {state.is === "out" ? (
              <SignIn onSignedIn={signedIn} />
            ) : (
              <SessionContext.Provider value={{ ...state, onRenamed: renamed, onDeleted: deleted }}>
                {/* Somebody else must not go on with what this one had before them. */}
                <Pages key={state.user.id} />
                {state.lost && (
                  <Dialog title="Your session has ended" onClose={signedOut} closeLabel="Sign out">
                    <p>Sign in again to go on where you are.</p>
                    <SignIn onSignedIn={signedIn} email={state.user.email} isDialog />
                  </Dialog>
                )}
              </SessionContext.Provider>
            )}
          </OpenPages>
        )}
      </Shell>
    </ToastProvider>
  );
}
