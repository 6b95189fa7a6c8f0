import { useEffect, useState } from "preact/hooks";
import { account } from "../api/client.ts";
import { Heading } from "../components/heading.tsx";
import { Failure, Skeleton } from "../components/loading.tsx";
import { focusNextHeading, navigate } from "../lib/router.ts";
import { depart, departure, forgetDeparture } from "../lib/sign-on.ts";

/**
 * Where a provider sends the browser back to. It finishes the sign-on with what is in the address, and goes on to where somebody was;
 * or it says why they are not signed in.
 */
export function SignOnPage({ provider, onSignedIn }: { provider: string; onSignedIn: () => void }) {
  const [error, setError] = useState<unknown>(null);

  useEffect(() => {
    const query = new URLSearchParams(location.search);
    const { to, inviteCode } = departure();
    // What is in the address works once: a reload, and the page before, must not send it again.
    navigate(location.pathname, { replace: true });
    const state = query.get("state");
    if (state === null) {
      navigate(to, { replace: true });
      return;
    }
    const sent = ["code", "iss", "error"].flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    const invite = inviteCode === "" ? {} : { inviteCode };
    account.finishSignOn({ provider, state, ...Object.fromEntries(sent), ...invite }).then(
      ({ isNew }) => {
        forgetDeparture();
        // The invite has been accepted with the new account.
        navigate(isNew && inviteCode !== "" ? "/environments" : to, { replace: true });
        onSignedIn();
      },
      (reason: unknown) => {
        focusNextHeading();
        setError(reason);
      },
    );
  }, [provider, onSignedIn]);

  if (error === null) return <Skeleton what="your account" lines={3} />;
  return (
    <section class="narrow card">
      <Heading title="You are not signed in" />
      <Failure error={error} retry={() => void depart(provider, departure()).catch(setError)} />
      <p>
        <a href={departure().to}>Other ways to sign in</a>
      </p>
    </section>
  );
}
