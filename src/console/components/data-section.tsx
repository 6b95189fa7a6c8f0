import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { EnvironmentErasure, FullEnvironment } from "../api/types.ts";
import { formatBytes } from "../lib/format.ts";
import { useResource } from "../lib/hooks.ts";
import { navigate } from "../lib/router.ts";
import { useSubmission } from "../lib/submission.ts";
import { Confirm } from "./confirm.tsx";
import { Dialog } from "./dialog.tsx";
import { Check, Form, FormProblem, Submit, TextField } from "./field.tsx";
import { Loaded } from "./loading.tsx";
import { Time } from "./time.tsx";
import { useToasts } from "./toasts.tsx";

/** How long an environment's workloads are kept, what was erased of them, and for its admins how to change and erase them. */
export function DataSection({
  environment,
  onChange,
}: {
  environment: FullEnvironment;
  onChange: (environment: FullEnvironment) => void;
}) {
  const toasts = useToasts();
  const [asked, setAsked] = useState<"retention" | "workloads" | "environment" | null>(null);
  const close = () => setAsked(null);
  const { id, name, role } = environment;
  const erasure = useResource(`erasure/${id}`, (signal) => api.environments.erasure(id, {}, { signal }));
  const eraseWorkloads = async () => {
    erasure.put(await api.environments.erase(id, { what: "workloads" }));
    toasts.show("The workloads are being erased");
  };
  const eraseEnvironment = async () => {
    await api.environments.erase(id, { what: "environment" });
    toasts.show(`${name} is being erased`);
    navigate("/environments");
  };
  return (
    <section aria-labelledby="data-title">
      <h2 id="data-title">Stored data</h2>
      <div class="card">
        <p>{retentionText(environment.retention)}</p>
        {environment.sealed && (
          <p>What its captures record is sealed with a key of its own, from their next start on.</p>
        )}
        <Loaded resource={erasure} what="what was erased">
          {(known) => <Erased erasure={known} />}
        </Loaded>
        {role === "admin" && (
          <div class="actions">
            <button type="button" onClick={() => setAsked("retention")}>
              Change how it is kept
            </button>
            <button type="button" class="danger-quiet" onClick={() => setAsked("workloads")}>
              Erase all workloads
            </button>
            <button type="button" class="danger-quiet" onClick={() => setAsked("environment")}>
              Erase the environment
            </button>
          </div>
        )}
      </div>
      {asked === "retention" && (
        <EditRetention
          environment={environment}
          onClose={close}
          onChanged={(changed) => {
            onChange(changed);
            close();
            toasts.show("How workloads are kept is changed");
          }}
        />
      )}
      {asked === "workloads" && (
        <Confirm
          title={`Erase all workloads of ${name}?`}
          action="Erase them"
          typed={name}
          perform={eraseWorkloads}
          onClose={close}
        >
          <p>
            The statements, figures and metrics of all its captures that have ended are erased, of deleted
            ones too. The captures stay in the list. This can't be undone.
          </p>
        </Confirm>
      )}
      {asked === "environment" && (
        <Confirm
          title={`Erase ${name}?`}
          action="Erase it"
          typed={name}
          perform={eraseEnvironment}
          onClose={close}
        >
          <p>
            The environment is deleted for all of its members, and its captures and all that they recorded are
            erased at once. This can't be undone.
          </p>
        </Confirm>
      )}
    </section>
  );
}

function retentionText({ workloadDays, keepMetrics }: FullEnvironment["retention"]): string {
  if (workloadDays === null) return "Workloads are kept until their captures are deleted or erased.";
  const days = workloadDays === 1 ? "a day" : `${workloadDays} days`;
  return `Workloads are erased ${days} after the end of their captures. ${
    keepMetrics ? "Metrics are kept." : "Metrics are erased with them."
  }`;
}

function Erased({ erasure }: { erasure: EnvironmentErasure }) {
  const { erased, left } = erasure;
  const captures = (count: number) => (count === 1 ? "1 capture" : `${count} captures`);
  return (
    <>
      {erased.captures === 0 ? (
        <p class="muted">Nothing was erased yet.</p>
      ) : (
        <p>
          Erased: the workloads of {captures(erased.captures)}, {erased.objects} objects with{" "}
          {formatBytes(erased.bytes)}
          {erased.lastAt !== null && (
            <>
              {", the last "}
              <Time at={erased.lastAt} />
            </>
          )}
          .
        </p>
      )}
      {left.pending > 0 && (
        <p>
          {captures(left.pending)} {left.pending === 1 ? "is" : "are"} being erased.
        </p>
      )}
    </>
  );
}

function EditRetention({
  environment,
  onChanged,
  onClose,
}: {
  environment: FullEnvironment;
  onChanged: (environment: FullEnvironment) => void;
  onClose: () => void;
}) {
  const { id, retention } = environment;
  const [sealed, setSealed] = useState(environment.sealed);
  const [days, setDays] = useState(retention.workloadDays === null ? "" : String(retention.workloadDays));
  const [keepMetrics, setKeepMetrics] = useState(retention.keepMetrics);
  const { busy, errors, submit } = useSubmission(["retention.workloadDays"], async () => {
    const workloadDays = days.trim() === "" ? null : Number(days);
    onChanged(await api.environments.update(id, { retention: { workloadDays, keepMetrics }, sealed }));
  });
  return (
    <Dialog title="How workloads are kept" onClose={onClose}>
      <Form onSubmit={submit} refused={errors}>
        <TextField
          name="retention.workloadDays"
          label="Days after the end of a capture"
          type="number"
          min={1}
          hint="Empty to keep them. Workloads that are older now are erased within minutes, and can't be brought back."
          error={errors.fields["retention.workloadDays"]}
          value={days}
          onChange={setDays}
        />
        <Check checked={keepMetrics} onChange={setKeepMetrics}>
          Keep their metrics
        </Check>
        <Check checked={sealed} onChange={setSealed}>
          Seal what captures record with a key of the environment's, from their next start on
        </Check>
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy}>Save</Submit>
        </div>
      </Form>
    </Dialog>
  );
}
