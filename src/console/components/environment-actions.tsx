import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { FullEnvironment } from "../api/types.ts";
import { navigate } from "../lib/router.ts";
import { useSubmission } from "../lib/submission.ts";
import { Confirm } from "./confirm.tsx";
import { Dialog } from "./dialog.tsx";
import {
  credentialsOf,
  EMPTY_DRAFT,
  ENVIRONMENT_FIELDS,
  type EnvironmentDraft,
  EnvironmentFields,
} from "./environment-fields.tsx";
import { Form, FormProblem, Submit } from "./field.tsx";
import { useToasts } from "./toasts.tsx";

/** What an environment's admins can do with it. */
export function EnvironmentActions({
  environment,
  onChange,
}: {
  environment: FullEnvironment;
  onChange: (environment: FullEnvironment) => void;
}) {
  const toasts = useToasts();
  const [asked, setAsked] = useState<"edit" | "delete" | null>(null);
  const close = () => setAsked(null);
  if (environment.role !== "admin") return null;
  const remove = async () => {
    await api.environments.delete(environment.id);
    toasts.show(`${environment.name} is deleted`);
    navigate("/environments");
  };
  return (
    <div class="actions">
      <button type="button" onClick={() => setAsked("edit")}>
        Edit
      </button>
      <button type="button" class="danger-quiet" onClick={() => setAsked("delete")}>
        Delete
      </button>
      {asked === "edit" && (
        <Edit
          environment={environment}
          onClose={close}
          onChanged={(changed) => {
            onChange(changed);
            close();
            toasts.show(`${changed.name} is changed`);
          }}
        />
      )}
      {asked === "delete" && (
        <Confirm title={`Delete ${environment.name}?`} action="Delete it" perform={remove} onClose={close}>
          <p>Its captures go with it, for all of its members. This can't be undone.</p>
        </Confirm>
      )}
    </div>
  );
}

/** The fields of a draft that differ from the environment. */
function changesIn(environment: FullEnvironment, draft: EnvironmentDraft) {
  const { name, region, instance } = draft;
  const credentials = credentialsOf(draft);
  return {
    ...(name !== environment.name && { name }),
    ...(region !== environment.region && { region }),
    ...(instance !== environment.instance && { instance }),
    ...(Object.values(credentials).some((value) => value !== "") && { credentials }),
  };
}

function Edit({
  environment,
  onChanged,
  onClose,
}: {
  environment: FullEnvironment;
  onChanged: (environment: FullEnvironment) => void;
  onClose: () => void;
}) {
  const { name, region, instance, credentials } = environment;
  const [draft, setDraft] = useState<EnvironmentDraft>({
    ...EMPTY_DRAFT,
    name,
    region,
    instance,
    by: credentials !== null && "roleArn" in credentials ? "role" : "key",
  });
  const { busy, errors, submit } = useSubmission(ENVIRONMENT_FIELDS, async () => {
    const changes = changesIn(environment, draft);
    if (Object.keys(changes).length === 0) {
      onClose();
      return;
    }
    onChanged(await api.environments.update(environment.id, changes));
  });
  return (
    <Dialog title={`Edit ${environment.name}`} onClose={onClose}>
      <Form onSubmit={submit} refused={errors}>
        <EnvironmentFields draft={draft} errors={errors} onChange={setDraft} isChange />
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy} says="Asking AWS…">
            Save
          </Submit>
        </div>
      </Form>
    </Dialog>
  );
}
