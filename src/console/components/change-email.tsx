import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import type { User } from "../api/types.ts";
import { useSubmission } from "../lib/submission.ts";
import { AskToConfirm } from "./ask-to-confirm.tsx";
import { Form, FormProblem, Submit, TextField } from "./field.tsx";

/** Somebody's address: whether it is confirmed, and how it is changed, which asks for the password. It is a section of their account's page. */
export function ChangeEmail({ user, hasPasswords }: { user: User; hasPasswords: boolean }) {
  return (
    <section aria-labelledby="address-title">
      <h2 id="address-title">E-mail address</h2>
      <div class="card">
        <p>
          <strong>{user.email}</strong>, {user.emailVerified ? "confirmed" : "not confirmed"}
        </p>
        {!user.emailVerified && (
          <AskToConfirm>
            <p class="muted">
              The admins of your environments see that nobody has confirmed it. Who owns an address that is
              not confirmed can take the account over.
            </p>
          </AskToConfirm>
        )}
        {hasPasswords && <ChangeForm />}
      </div>
    </section>
  );
}

function ChangeForm() {
  const [newEmail, setNewEmail] = useState("");
  const [password, setPassword] = useState("");
  const [sentTo, setSentTo] = useState<string | null>(null);
  const { busy, errors, submit } = useSubmission(["newEmail", "password"], async () => {
    setSentTo(null);
    await account.changeEmail({ newEmail, password });
    setSentTo(newEmail);
    setNewEmail("");
    setPassword("");
  });
  return (
    <Form onSubmit={submit} refused={errors}>
      <h3>Change it</h3>
      <TextField
        name="newEmail"
        label="New e-mail address"
        error={errors.fields.newEmail}
        type="email"
        autoComplete="email"
        value={newEmail}
        onChange={setNewEmail}
      />
      <TextField
        name="password"
        label="Your password"
        error={errors.fields.password}
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
      />
      <FormProblem message={errors.form} />
      <div role="status" class={sentTo === null ? undefined : "good"}>
        {sentTo !== null &&
          `A mail is on its way to ${sentTo}. Your address changes once you have opened the link in it here, within an hour.`}
      </div>
      <div class="actions">
        <Submit busy={busy} disabled={newEmail === "" || password === ""}>
          Send a link to the new address
        </Submit>
      </div>
    </Form>
  );
}
