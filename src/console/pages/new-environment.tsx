import { useState } from "preact/hooks";
import { engineLabels } from "../../environments/engines.ts";
import { api } from "../api/client.ts";
import {
  credentialsOf,
  EMPTY_DRAFT,
  ENVIRONMENT_FIELDS,
  EnvironmentFields,
} from "../components/environment-fields.tsx";
import { Form, FormProblem, Submit } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { useToasts } from "../components/toasts.tsx";
import { useRequestKey } from "../lib/hooks.ts";
import { navigate } from "../lib/router.ts";
import { useSubmission } from "../lib/submission.ts";

/** Adds an environment, once AWS has said that it is there. */
export function NewEnvironmentPage() {
  const toasts = useToasts();
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const keyFor = useRequestKey();
  const { busy, errors, submit } = useSubmission(ENVIRONMENT_FIELDS, async () => {
    const { name, region, instance } = draft;
    const environment = { name, region, instance, credentials: credentialsOf(draft) };
    const made = await api.environments.create(environment, { idempotencyKey: keyFor(environment) });
    toasts.show(`${made.name} is added: AWS knows it as ${made.engine} ${made.engineVersion}`);
    navigate(`/environments/${made.id}`);
  });
  return (
    <section class="narrow">
      <Heading title="Add an environment" />
      <p class="muted">
        An environment is one {engineLabels("or")} instance on Amazon RDS, and the people who may record it.
        AWS is asked whether it is there before anything is stored.
      </p>
      <Form onSubmit={submit} refused={errors}>
        <EnvironmentFields draft={draft} errors={errors} onChange={setDraft} />
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy} says="Asking AWS…">
            Add it
          </Submit>
          <a class="button quiet" href="/environments">
            Cancel
          </a>
        </div>
      </Form>
    </section>
  );
}
