import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import { Form, FormProblem, Submit, TextField } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { useToasts } from "../components/toasts.tsx";
import { navigate, usePlace } from "../lib/router.ts";
import { useSubmission } from "../lib/submission.ts";

/** Joins an environment by an invite. Its code is in the address after `#`, which no server sees. */
export function InvitePage() {
  const { hash } = usePlace();
  const toasts = useToasts();
  const [code, setCode] = useState(new URLSearchParams(hash).get("code") ?? "");
  const { busy, errors, submit } = useSubmission(["code"], async () => {
    const environment = await api.invites.accept(code);
    toasts.show(`You have joined ${environment.name}`);
    navigate(`/environments/${environment.id}`, { replace: true });
  });
  return (
    <section class="narrow">
      <Heading title="Join an environment" />
      <Form onSubmit={submit} refused={errors}>
        <div class="card">
          <TextField
            name="code"
            label="Invite code"
            error={errors.fields.code}
            value={code}
            onChange={(text) => setCode(text.trim())}
          />
        </div>
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy} disabled={code === ""}>
            Join
          </Submit>
        </div>
      </Form>
    </section>
  );
}
