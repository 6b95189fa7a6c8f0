import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import type { User } from "../api/types.ts";
import { Form, FormProblem, Submit } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { NoLink } from "../components/no-link.tsx";
import { SignIn } from "../components/sign-in.tsx";
import { focusNextHeading, usePlace } from "../lib/router.ts";
import type { OpenPageProps } from "../lib/session.ts";
import { useSubmission } from "../lib/submission.ts";

/**
 * Confirms an address by a link, whose token is in the address after `#`, which no server sees. It has to be somebody who is
 * signed in to the account; somebody who has not made the account sets a password instead.
 */
export function VerifyPage({ user, onSignedIn }: OpenPageProps) {
  const { hash: token } = usePlace();
  const [confirmed, setConfirmed] = useState<string | null>(null);
  if (token === "") return <NoLink title="Confirm your e-mail address" />;
  if (confirmed !== null) {
    return (
      <section key="confirmed" class="narrow card">
        <Heading title="Your address is confirmed" />
        <p>
          <strong>{confirmed}</strong> is the address of your account.
        </p>
        <div class="actions">
          <a class="button" href="/captures">
            Go on to your captures
          </a>
        </div>
      </section>
    );
  }
  return (
    <section key="confirm" class="narrow">
      <Heading title="Confirm your e-mail address" />
      <div class="card">
        {user === null ? (
          <>
            <h2>You have made the account</h2>
            <p class="muted">Sign in to it.</p>
            <SignIn onSignedIn={onSignedIn} isDialog />
          </>
        ) : (
          <Confirm
            user={user}
            token={token}
            onConfirmed={(email) => {
              focusNextHeading();
              setConfirmed(email);
              onSignedIn({ ...user, email, emailVerified: true });
            }}
          />
        )}
      </div>
      <div class="card">
        <h2>Somebody else has made it</h2>
        <p>
          Anybody can sign up with any address. If you have not made an account with yours, set a password for
          it: the account is yours then, and whoever made it is out. Or do nothing, and it stays marked as not
          confirmed.
        </p>
        <div class="actions">
          <a class="button" href={`/reset#${token}`}>
            Set a new password
          </a>
        </div>
      </div>
    </section>
  );
}

function Confirm({
  user,
  token,
  onConfirmed,
}: {
  user: User;
  token: string;
  onConfirmed: (email: string) => void;
}) {
  const { busy, errors, submit } = useSubmission([], async () => {
    onConfirmed((await account.verifyEmail(token)).email);
  });
  return (
    <Form onSubmit={submit} refused={errors}>
      <h2>You have made the account</h2>
      <p>
        You are signed in as {user.name}, {user.email}. If the mail with this link was for you, confirm that.
      </p>
      <FormProblem message={errors.form} />
      <div class="actions">
        <Submit busy={busy}>Confirm</Submit>
      </div>
    </Form>
  );
}
