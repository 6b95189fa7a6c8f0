import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { FullEnvironment } from "../api/types.ts";
import { Confirm } from "../components/confirm.tsx";
import { Dialog } from "../components/dialog.tsx";
import {
  credentialsOf,
  EMPTY_DRAFT,
  ENVIRONMENT_FIELDS,
  type EnvironmentDraft,
  EnvironmentFields,
} from "../components/environment-fields.tsx";
import { Form, FormProblem, Submit } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { Members } from "../components/members.tsx";
import { Owed } from "../components/owed.tsx";
import { Time } from "../components/time.tsx";
import { useToasts } from "../components/toasts.tsx";
import { useResource } from "../lib/hooks.ts";
import { describe } from "../lib/refusals.ts";
import { navigate } from "../lib/router.ts";
import { useSubmission } from "../lib/submission.ts";

/** One environment: what it is, who belongs to it, and what its admins can change. */
export function EnvironmentPage({ id }: { id: number }) {
  const environment = useResource(`environment/${id}`, (signal) => api.environments.get(id, { signal }));
  const { data } = environment;
  return (
    <>
      <div class="page-head">
        <div>
          <p class="crumbs">
            <a href="/environments">Environments</a>
          </p>
          <Heading title={data?.name ?? `Environment ${id}`} />
        </div>
        {data !== undefined && <Actions environment={data} onChange={environment.put} />}
      </div>
      <Loaded resource={environment} what="the environment">
        {(known) => (
          <>
            <Owed environment={known} onChange={environment.put} />
            <Facts environment={known} onChange={environment.put} />
            <Members environment={known} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Facts({
  environment,
  onChange,
}: {
  environment: FullEnvironment;
  onChange: (environment: FullEnvironment) => void;
}) {
  const [said, setSaid] = useState<{ text: string; isBad: boolean } | null>(null);
  const [busy, setBusy] = useState(false);
  const { instance, region, engine, engineVersion, parameterGroup, credentials, createdAt } = environment;
  const check = async () => {
    setBusy(true);
    setSaid(null);
    try {
      const { status, ...checked } = await api.environments.check(environment.id);
      onChange(checked);
      const reaches = `AWS reaches ${checked.instance}: it is ${status}.`;
      const isOwing = checked.owed.length > 0;
      setSaid({ text: isOwing ? `${reaches} Not all could be given back.` : reaches, isBad: isOwing });
    } catch (error) {
      setSaid({ text: describe(error), isBad: true });
    }
    setBusy(false);
  };
  return (
    <div class="card">
      <dl class="facts">
        <div>
          <dt>Instance</dt>
          <dd>{instance}</dd>
          <dd class="muted">{region}</dd>
        </div>
        <div>
          <dt>Engine</dt>
          <dd>
            {engine} {engineVersion}
          </dd>
        </div>
        <div>
          <dt>Parameter group</dt>
          <dd>{parameterGroup}</dd>
        </div>
        {credentials !== null && (
          <div>
            <dt>{"roleArn" in credentials ? "Role" : "Access key"}</dt>
            <dd>
              <code>{"roleArn" in credentials ? credentials.roleArn : credentials.accessKeyId}</code>
            </dd>
          </div>
        )}
        <div>
          <dt>Added</dt>
          <dd>
            <Time at={createdAt} />
          </dd>
        </div>
      </dl>
      <div class="actions">
        <button type="button" aria-disabled={busy} onClick={busy ? undefined : check}>
          {busy ? "Asking AWS…" : "Check it with AWS"}
        </button>
        <a class="button quiet" href={`/captures?envId=${environment.id}`}>
          Its captures
        </a>
      </div>
      <div role="status" class={said === null ? undefined : said.isBad ? "problem" : "good"}>
        {said?.text}
      </div>
    </div>
  );
}

function Actions({
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
