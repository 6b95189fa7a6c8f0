import { useState } from "preact/hooks";
import { AccountData } from "../components/account-data.tsx";
import { AccountName } from "../components/account-name.tsx";
import { AccountPassword } from "../components/account-password.tsx";
import { AccountSessions } from "../components/account-sessions.tsx";
import { ChangeEmail } from "../components/change-email.tsx";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { useSession } from "../lib/session.ts";
import { useWays } from "../lib/ways.ts";

/** The reader's own account: who they are, how and where they sign in, and all that the service has of them. */
export function AccountPage() {
  const { user } = useSession();
  const [passwords, setPasswords] = useState(0);
  return (
    <section class="narrow">
      <Heading title="Your account" />
      <Loaded resource={useWays()} what="your account" lines={8}>
        {({ password }) => (
          <>
            <AccountName />
            <ChangeEmail user={user} hasPasswords={password} />
            {password && <AccountPassword onChanged={() => setPasswords((before) => before + 1)} />}
            <AccountSessions version={passwords} />
            <section aria-labelledby="keys-title">
              <h2 id="keys-title">API keys</h2>
              <div class="card">
                <p>
                  Programs act as you by a key of their own. They are on the page <a href="/keys">API keys</a>
                  .
                </p>
              </div>
            </section>
            <AccountData hasPasswords={password} />
          </>
        )}
      </Loaded>
    </section>
  );
}
