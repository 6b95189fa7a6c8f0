import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { FullEnvironment } from "../api/types.ts";
import { useConfirmedSubmission } from "../lib/confirmed.ts";
import {
  changesIn,
  EMPTY_DRAFT,
  ENVIRONMENT_FIELDS,
  type EnvironmentDraft,
} from "../lib/environment-draft.ts";
import { navigate } from "../lib/router.ts";
import { AccessFields } from "./access-fields.tsx";
import { Checks } from "./checks.tsx";
import { Confirm } from "./confirm.tsx";
import { Dialog } from "./dialog.tsx";
import { Form, FormProblem, Submit, TextField } from "./field.tsx";
import { RegionField } from "./region-field.tsx";
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
  const role = credentials !== null && "roleArn" in credentials ? credentials : null;
  const [draft, setDraft] = useState<EnvironmentDraft>({
    ...EMPTY_DRAFT,
    name,
    region,
    instance,
    by: role === null ? "key" : "role",
  });
  const { busy, errors, submit, checks, submitAnyway } = useConfirmedSubmission(
    ENVIRONMENT_FIELDS,
    async (allowNotReady) => {
      const changes = changesIn(environment, draft);
      if (Object.keys(changes).length === 0) {
        onClose();
        return;
      }
      onChanged(await api.environments.update(environment.id, { ...changes, allowNotReady }));
    },
  );
  return (
    <Dialog title={`Edit ${name}`} onClose={onClose}>
      <Form onSubmit={submit} refused={errors}>
        <div class="card">
          <TextField
            name="name"
            label="Name"
            hint="What people call it here."
            error={errors.fields.name}
            value={draft.name}
            onChange={(changed) => setDraft({ ...draft, name: changed })}
          />
          <RegionField
            region={draft.region}
            error={errors.fields.region}
            onChange={(changed) => setDraft({ ...draft, region: changed })}
          />
          <TextField
            name="instance"
            label="RDS instance"
            hint={
              role === null
                ? "Its DB instance identifier. Another one, or another region, needs the access key again."
                : "Its DB instance identifier."
            }
            error={errors.fields.instance}
            spellcheck={false}
            value={draft.instance}
            onChange={(changed) => setDraft({ ...draft, instance: changed.trim() })}
          />
          <AccessFields
            draft={draft}
            errors={errors}
            onChange={setDraft}
            isChange
            externalIdOrigin={role?.externalIdOrigin}
          />
        </div>
        <FormProblem message={errors.form} />
        {checks !== null && <Checks checks={checks} />}
        <div class="actions">
          <Submit busy={busy} says="Asking AWS…">
            Save
          </Submit>
          {checks !== null && (
            <button type="button" aria-disabled={busy} onClick={submitAnyway}>
              Save it as not ready
            </button>
          )}
        </div>
      </Form>
    </Dialog>
  );
}
