import { AccountData } from "../components/account-data.tsx";
import { AccountEmail } from "../components/account-email.tsx";
import { AccountName } from "../components/account-name.tsx";
import { AccountPassword } from "../components/account-password.tsx";
import { AccountSessions } from "../components/account-sessions.tsx";
import { Heading } from "../components/heading.tsx";

/** The reader's own account: who they are, how and where they sign in, and all that the service has of them. */
export function AccountPage() {
  return (
    <section class="narrow">
      <Heading title="Your account" />
      <AccountName />
      <AccountEmail />
      <AccountPassword />
      <AccountSessions />
      <section class="card" aria-labelledby="keys-title">
        <h2 id="keys-title">API keys</h2>
        <p>
          Programs act as you by a key of their own. They are on the page <a href="/keys">API keys</a>.
        </p>
      </section>
      <AccountData />
    </section>
  );
}
