import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import { useSession } from "../lib/session.ts";
import { useSubmission } from "../lib/submission.ts";
import { Check, Form, FormProblem, Submit, TextField } from "./field.tsx";
import { useToasts } from "./toasts.tsx";

/**
 * Changes the reader's password.
 * @param onChanged is called when it is, and this session is a new one
 */
export function AccountPassword({ onChanged }: { onChanged: () => void }) {
  const toasts = useToasts();
  const { user } = useSession();
  const [currentPassword, setCurrent] = useState("");
  const [newPassword, setNew] = useState("");
  const [revokeKeys, setRevokeKeys] = useState(false);
  const { busy, errors, submit } = useSubmission(["currentPassword", "newPassword"], async () => {
    await account.changePassword({ currentPassword, newPassword, revokeOtherSessions: true, revokeKeys });
    setCurrent("");
    setNew("");
    setRevokeKeys(false);
    onChanged();
    toasts.show("Your password is changed, and your other sessions have ended");
  });
  return (
    <section aria-labelledby="password-title">
      <h2 id="password-title">Password</h2>
      <div class="card">
        <p class="muted">With a new password all your other sessions end. You stay signed in here.</p>
        <Form onSubmit={submit} refused={errors}>
          {/* For password managers, which keep the new one with it. */}
          <input type="email" hidden readOnly autoComplete="username" value={user.email} />
          <TextField
            name="currentPassword"
            label="The password until now"
            error={errors.fields.currentPassword}
            type="password"
            autoComplete="current-password"
            value={currentPassword}
            onChange={setCurrent}
          />
          <TextField
            name="newPassword"
            label="The new password"
            hint="At least 8 characters."
            error={errors.fields.newPassword}
            type="password"
            autoComplete="new-password"
            value={newPassword}
            onChange={setNew}
          />
          <Check checked={revokeKeys} onChange={setRevokeKeys}>
            Revoke all my API keys and my calendar's address, too
          </Check>
          <FormProblem message={errors.form} />
          <div class="actions">
            <Submit busy={busy} disabled={currentPassword === "" || newPassword === ""}>
              Change the password
            </Submit>
          </div>
        </Form>
      </div>
    </section>
  );
}
