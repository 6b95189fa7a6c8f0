import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import { useSession } from "../lib/session.ts";
import { useSubmission } from "../lib/submission.ts";
import { Form, FormProblem, Submit, TextField } from "./field.tsx";
import { useToasts } from "./toasts.tsx";

/** The reader's name, which the other members of their environments see. */
export function AccountName() {
  const toasts = useToasts();
  const { user, onRenamed } = useSession();
  const [name, setName] = useState(user.name);
  const { busy, errors, submit } = useSubmission(["name"], async () => {
    await account.updateUser({ name });
    onRenamed(name.trim());
    toasts.show("Your name is changed");
  });
  return (
    <section aria-labelledby="name-title">
      <h2 id="name-title">Name</h2>
      <div class="card">
        <Form onSubmit={submit} refused={errors}>
          <TextField
            name="name"
            label="Your name"
            hint="The other members of your environments see it."
            error={errors.fields.name}
            autoComplete="name"
            value={name}
            onChange={setName}
          />
          <FormProblem message={errors.form} />
          <div class="actions">
            <Submit busy={busy} disabled={name.trim() === "" || name.trim() === user.name}>
              Change the name
            </Submit>
          </div>
        </Form>
      </div>
    </section>
  );
}
