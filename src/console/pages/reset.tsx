import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import { Check, Form, FormProblem, Submit, TextField } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { NoLink } from "../components/no-link.tsx";
import { useToasts } from "../components/toasts.tsx";
import { WithPasswords } from "../components/with-passwords.tsx";
import { navigate, usePlace } from "../lib/router.ts";
import type { OpenPageProps } from "../lib/session.ts";
import { useSubmission } from "../lib/submission.ts";

/** Sets a new password by a link, whose token is in the address after `#`, which no server sees, and signs in with it. */
export function ResetPage({ onSignedIn }: OpenPageProps) {
  const { hash: token } = usePlace();
  const title = "Set a new password";
  return (
    <WithPasswords title={title}>
      {token === "" ? <NoLink title={title} /> : <Reset token={token} onSignedIn={onSignedIn} />}
    </WithPasswords>
  );
}

function Reset({ token, onSignedIn }: Pick<OpenPageProps, "onSignedIn"> & { token: string }) {
  const toasts = useToasts();
  const [newPassword, setNewPassword] = useState("");
  const [revokeKeys, setRevokeKeys] = useState(false);
  const { busy, errors, submit } = useSubmission(["newPassword"], async () => {
    const { email, keysRevoked } = await account.resetPassword({ token, newPassword, revokeKeys });
    toasts.show(
      `Your password is set, and all sessions have ended. The API keys and the calendar's address ${keysRevoked ? "have ended, too" : "go on working"}.`,
    );
    // The link is used up now, also if the sign-in fails.
    navigate("/captures", { replace: true });
    const { user } = await account.signIn({ email, password: newPassword });
    onSignedIn(user);
  });
  return (
    <section class="narrow card">
      <Heading title="Set a new password" />
      <p class="muted">It signs you out everywhere else.</p>
      <Form onSubmit={submit} refused={errors}>
        <TextField
          name="newPassword"
          label="New password"
          hint="At least 8 characters."
          error={errors.fields.newPassword}
          type="password"
          autoComplete="new-password"
          value={newPassword}
          onChange={setNewPassword}
        />
        <Check checked={revokeKeys} onChange={setRevokeKeys}>
          Revoke the API keys and the calendar's address, too
        </Check>
        <p class="hint">
          Do so if somebody else may know them. Those of an account whose address was not confirmed before end
          anyway.
        </p>
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy} disabled={newPassword === ""}>
            Set the password
          </Submit>
          <a class="button quiet" href="/forgot">
            Ask for another mail
          </a>
        </div>
      </Form>
    </section>
  );
}
