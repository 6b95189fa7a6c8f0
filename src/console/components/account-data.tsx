import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import { useSession } from "../lib/session.ts";
import { useSubmission } from "../lib/submission.ts";
import { Dialog } from "./dialog.tsx";
import { Form, FormProblem, Submit, TextField } from "./field.tsx";

/** Takes along, or deletes, all that the service has of the reader. */
export function AccountData({ hasPasswords }: { hasPasswords: boolean }) {
  const [isDeleting, setDeleting] = useState(false);
  return (
    <section aria-labelledby="data-title">
      <h2 id="data-title">Your data</h2>
      <div class="card">
        <p>
          Your account, memberships, keys, sessions and the networks that they came from, your calendar, the
          webhooks that mail you, and the captures and schedules that you own, as one file of JSON. It has no
          passwords and no keys.
        </p>
        <div class="actions">
          <a class="button" href="/api/account/export" download="captures-account.json">
            Download your data
          </a>
          <button type="button" class="danger-quiet" onClick={() => setDeleting(true)}>
            Delete your account…
          </button>
        </div>
      </div>
      {isDeleting && <DeleteAccount hasPasswords={hasPasswords} onClose={() => setDeleting(false)} />}
    </section>
  );
}

function DeleteAccount({ hasPasswords, onClose }: { hasPasswords: boolean; onClose: () => void }) {
  const { onDeleted } = useSession();
  const [password, setPassword] = useState("");
  const { busy, errors, submit } = useSubmission(["password"], async () => {
    await account.deleteAccount(password === "" ? {} : { password });
    onDeleted();
  });
  return (
    <Dialog title="Delete your account?" onClose={onClose}>
      <p>
        You are signed out everywhere, and your API keys are refused from now on. Environments that only you
        belong to are deleted, with their captures. In the others your captures and schedules stay, and show a
        deleted user as their owner. This can't be undone.
      </p>
      <Form onSubmit={submit} refused={errors}>
        {hasPasswords ? (
          <TextField
            name="password"
            label="Your password"
            hint="Leave it empty if you sign in without one, and have just done so."
            error={errors.fields.password}
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={setPassword}
          />
        ) : (
          <p class="hint">
            To be sure that it is you, you have to have signed in within the last ten minutes.
          </p>
        )}
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy} isDangerous>
            Delete the account
          </Submit>
        </div>
      </Form>
    </Dialog>
  );
}
