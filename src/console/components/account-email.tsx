import { useSession } from "../lib/session.ts";

/** The address that the reader signs in with. */
export function AccountEmail() {
  const { user } = useSession();
  return (
    <section class="card" aria-labelledby="email-title">
      <h2 id="email-title">E-mail address</h2>
      <p>
        You sign in as <strong>{user.email}</strong>.
      </p>
    </section>
  );
}
