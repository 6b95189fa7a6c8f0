import { useState } from "preact/hooks";
import { regionForm } from "../../aws/partitions.ts";
import { engineLabels } from "../../environments/engines.ts";
import { api } from "../api/client.ts";
import type { ListedInstance } from "../api/types.ts";
import { AccessFields } from "../components/access-fields.tsx";
import { AccessPolicy } from "../components/access-policy.tsx";
import { CaptureImpact } from "../components/capture-impact.tsx";
import { Checks, SLOW_CHECKS_MS } from "../components/checks.tsx";
import { Form, FormProblem, Submit, TextField } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { InstanceChoice } from "../components/instance-choice.tsx";
import { RegionField } from "../components/region-field.tsx";
import { Step, stepState } from "../components/step.tsx";
import { useToasts } from "../components/toasts.tsx";
import { accountOf } from "../lib/arn.ts";
import { useConfirmedSubmission } from "../lib/confirmed.ts";
import {
  ACCESS_FIELDS,
  afterAccess,
  credentialsOf,
  EMPTY_DRAFT,
  ENVIRONMENT_FIELDS,
  type EnvironmentDraft,
  INSTANCE_FIELDS,
  inWords,
  NO_INSTANCE,
  requestOf,
  requireAccess,
  requireInstance,
} from "../lib/environment-draft.ts";
import { useLate, useRequestKey } from "../lib/hooks.ts";
import { engineName } from "../lib/instances.ts";
import { regionName } from "../lib/regions.ts";
import { navigate } from "../lib/router.ts";
import { useSubmission } from "../lib/submission.ts";

/** The steps, as they are shown. */
const ACCESS = 1;
const INSTANCE = 2;
const CHECK = 3;

/** Adds an environment: how it is reached, which instance it is, and whether that can be captured. */
export function NewEnvironmentPage() {
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  /** What AWS said of the instance when it was chosen from its list. */
  const [listed, setListed] = useState<ListedInstance | null>(null);
  /** How it was then; by another access, it is forgotten. */
  const [chosen, setChosen] = useState<EnvironmentDraft | null>(null);
  const [now, setNow] = useState(ACCESS);
  const region = regionName(draft.region);
  return (
    <section class="narrow">
      <Heading title="Add an environment" />
      <p class="muted">
        An environment is one {engineLabels("or")} instance on Amazon RDS, and the people who may record it.
        Nothing changes on the database until somebody starts a capture.
      </p>
      <ol class="steps">
        <Step
          title="1. Name and access"
          state={stepState(ACCESS, now)}
          summary={
            <>
              {draft.name}, {draft.by === "role" ? "by the role " : "by the access key "}
              <code>{draft.by === "role" ? draft.roleArn : draft.accessKeyId}</code>
            </>
          }
          onReturn={() => setNow(ACCESS)}
        >
          <AccessStep
            draft={draft}
            onChange={setDraft}
            onDone={() => {
              const next = afterAccess(draft, chosen);
              setDraft(next);
              if (next.instance !== listed?.instance) setListed(null);
              setNow(INSTANCE);
            }}
          />
        </Step>
        <Step
          title="2. Instance"
          state={stepState(INSTANCE, now)}
          summary={
            <>
              {draft.instance} in {draft.region}
              {region !== null && `, ${region}`}
              {listed !== null && `: ${engineName(listed.engine, listed.engineVersion)}`}
            </>
          }
          onReturn={() => setNow(INSTANCE)}
        >
          <InstanceStep
            draft={draft}
            onChange={(changed, of) => {
              setDraft(changed);
              setListed(of);
              setChosen(changed);
            }}
            onReturn={() => setNow(ACCESS)}
            onDone={() => setNow(CHECK)}
          />
        </Step>
        <Step
          title="3. Permissions and check"
          state={stepState(CHECK, now)}
          summary={null}
          onReturn={() => {}}
        >
          <CheckStep draft={draft} onReturn={() => setNow(ACCESS)} />
        </Step>
      </ol>
      <p>
        <a class="button quiet" href="/environments">
          Cancel
        </a>
      </p>
    </section>
  );
}

function AccessStep({
  draft,
  onChange,
  onDone,
}: {
  draft: EnvironmentDraft;
  onChange: (draft: EnvironmentDraft) => void;
  onDone: () => void;
}) {
  const { busy, errors, submit } = useSubmission(ACCESS_FIELDS, async () => {
    requireAccess(draft);
    onDone();
  });
  return (
    <Form onSubmit={submit} refused={errors}>
      <TextField
        name="name"
        label="Name"
        hint="What people call it here."
        error={errors.fields.name}
        value={draft.name}
        onChange={(name) => onChange({ ...draft, name })}
      />
      <AccessFields draft={draft} errors={errors} onChange={onChange} />
      <FormProblem message={errors.form} />
      <div class="actions">
        <Submit busy={busy}>Continue</Submit>
      </div>
    </Form>
  );
}

function InstanceStep({
  draft,
  onChange,
  onReturn,
  onDone,
}: {
  draft: EnvironmentDraft;
  onChange: (draft: EnvironmentDraft, listed: ListedInstance | null) => void;
  onReturn: () => void;
  onDone: () => void;
}) {
  const { busy, errors, submit } = useSubmission(INSTANCE_FIELDS, async () => {
    requireInstance(draft);
    onDone();
  });
  return (
    <Form onSubmit={submit} refused={errors}>
      <RegionField
        region={draft.region}
        error={errors.fields.region}
        onChange={(region) => onChange({ ...draft, ...NO_INSTANCE, region }, null)}
      />
      {regionForm().test(draft.region) && (
        <InstanceChoice
          key={draft.region}
          region={draft.region}
          credentials={credentialsOf(draft)}
          instance={draft.instance}
          error={errors.fields.instance}
          onChoose={(instance, listed, accountId) => {
            const { parameterGroup = "", cluster } = listed ?? {};
            const known = { parameterGroup, cluster: cluster ?? "", accountId: accountId ?? "" };
            onChange({ ...draft, instance, ...known }, listed);
          }}
          onReturn={onReturn}
        />
      )}
      <FormProblem message={errors.form} />
      <div class="actions">
        <Submit busy={busy}>Continue</Submit>
      </div>
    </Form>
  );
}

/** Asks AWS whether it can be captured, and adds it: as not ready only by choice. */
function CheckStep({ draft, onReturn }: { draft: EnvironmentDraft; onReturn: () => void }) {
  const toasts = useToasts();
  const keyFor = useRequestKey();
  const { busy, errors, submit, checks, submitAnyway } = useConfirmedSubmission(
    ENVIRONMENT_FIELDS,
    async (allowNotReady) => {
      const request = { ...requestOf(draft), allowNotReady };
      const made = await api.environments.create(request, { idempotencyKey: keyFor(request) });
      toasts.show(`${made.name} is added${made.ready ? "" : ", but not ready"}`);
      navigate(`/environments/${made.id}`);
    },
  );
  const problem = inWords(errors);
  const isLate = useLate(busy, SLOW_CHECKS_MS);
  const { region, instance, parameterGroup, cluster, accountId, roleArn, by } = draft;
  return (
    <Form onSubmit={submit} refused={errors}>
      <p>
        {by === "role" ? "The role" : "The key's user"} needs this policy, and no more. If it is not there
        yet, add it in IAM now.
      </p>
      <AccessPolicy
        region={region}
        instance={instance}
        parameterGroup={parameterGroup}
        cluster={cluster}
        account={by === "role" ? accountOf(roleArn) : accountId || null}
      />
      <details>
        <summary>What a capture changes on the database, and what it costs</summary>
        <CaptureImpact parameterGroup={parameterGroup} />
      </details>
      <FormProblem message={problem} />
      {checks !== null && <Checks checks={checks} />}
      <div class="actions">
        <Submit busy={busy} says="Asking AWS…">
          {problem === null ? "Check and add it" : "Check again"}
        </Submit>
        {checks !== null && (
          <button type="button" aria-disabled={busy} onClick={submitAnyway}>
            Add it as not ready
          </button>
        )}
        {problem !== null && (
          <button type="button" onClick={onReturn}>
            Change the access
          </button>
        )}
      </div>
      <p role="status" class="hint">
        {isLate && "AWS takes long to answer."}
      </p>
    </Form>
  );
}
