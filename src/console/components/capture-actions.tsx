import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Capture, Role } from "../api/types.ts";
import { isLive } from "../lib/list.ts";
import type { Owner } from "../lib/owners.ts";
import { describe } from "../lib/refusals.ts";
import { navigate } from "../lib/router.ts";
import { useSession } from "../lib/session.ts";
import { useSubmission } from "../lib/submission.ts";
import { Confirm } from "./confirm.tsx";
import { Dialog } from "./dialog.tsx";
import { Form, FormProblem, Submit, TextField } from "./field.tsx";
import { useToasts } from "./toasts.tsx";

/** The actions on a capture, for its owner and its environment's admins. */
export function CaptureActions({
  capture,
  role,
  owner,
  onChange,
}: {
  capture: Capture;
  /** The reader's role in the environment; undefined while it is not known. */
  role: Role | undefined;
  owner: Owner | null | undefined;
  onChange: (capture: Capture) => void;
}) {
  const { user } = useSession();
  const toasts = useToasts();
  const [asked, setAsked] = useState<"stop" | "rename" | "delete" | null>(null);
  const close = () => setAsked(null);
  const mayChange = role === "admin" || owner?.id === user.id;

  const stop = async () => {
    onChange(await api.captures.stop(capture.id));
    toasts.show(`${capture.name} is stopping`);
  };
  const remove = async () => {
    await api.captures.delete(capture.id);
    toasts.show(`${capture.name} is deleted`);
    navigate("/captures");
  };
  const renamed = (changed: Capture) => {
    const before = capture.name;
    onChange(changed);
    close();
    toasts.show(`Renamed to ${changed.name}`, {
      undo: () => {
        api.captures.rename(capture.id, before).then(
          (restored) => {
            onChange(restored);
            toasts.show(`It is ${restored.name} again`);
          },
          (error) => toasts.show(`It could not be renamed: ${describe(error)}`, { bad: true }),
        );
      },
    });
  };

  return (
    <div class="actions">
      {mayChange && capture.status === "RUNNING" && (
        <button type="button" class="primary" onClick={() => setAsked("stop")}>
          Stop
        </button>
      )}
      <a class="button" href={`/compare?a=${capture.id}`}>
        Compare
      </a>
      {mayChange && (
        <>
          <button type="button" onClick={() => setAsked("rename")}>
            Rename
          </button>
          <button type="button" class="danger-quiet" onClick={() => setAsked("delete")}>
            Delete
          </button>
        </>
      )}
      {asked === "stop" && (
        <Confirm title={`Stop ${capture.name}?`} action="Stop it" perform={stop} onClose={close}>
          <p>It ends now, and what it has recorded stays. A capture that has ended can't go on.</p>
        </Confirm>
      )}
      {asked === "delete" && (
        <Confirm title={`Delete ${capture.name}?`} action="Delete it" perform={remove} onClose={close}>
          <p>
            {isLive(capture.status) && "It is ended first. "}Nobody will see it any more, nor its metrics and
            its workload. This can't be undone.
          </p>
        </Confirm>
      )}
      {asked === "rename" && <Rename capture={capture} onRenamed={renamed} onClose={close} />}
    </div>
  );
}

function Rename({
  capture,
  onRenamed,
  onClose,
}: {
  capture: Capture;
  onRenamed: (capture: Capture) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState(capture.name);
  const { busy, errors, submit } = useSubmission(["name"], async () => {
    onRenamed(await api.captures.rename(capture.id, name));
  });
  return (
    <Dialog title={`Rename ${capture.name}`} onClose={onClose}>
      <Form onSubmit={submit} refused={errors}>
        <TextField name="name" label="New name" error={errors.fields.name} value={name} onChange={setName} />
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy}>Rename</Submit>
        </div>
      </Form>
    </Dialog>
  );
}
