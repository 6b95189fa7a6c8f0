import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Role, Schedule } from "../api/types.ts";
import { describe } from "../lib/refusals.ts";
import { navigate } from "../lib/router.ts";
import { useMayChange } from "../lib/session.ts";
import { Confirm } from "./confirm.tsx";
import { useToasts } from "./toasts.tsx";

interface Props {
  schedule: Schedule;
  /** The reader's role in the environment; undefined while it is not known. */
  role: Role | undefined;
  onChange: (schedule: Schedule) => void;
}

/** Pauses a schedule, or resumes one that is paused; nothing for those who may not, and when it is over. */
export function PauseButton({ schedule, role, onChange }: Props) {
  const toasts = useToasts();
  const [busy, setBusy] = useState(false);
  const { id, name, owner, pausedAt, state } = schedule;
  if (!useMayChange(owner, role) || state === "over") return null;
  const change = async () => {
    if (busy) return;
    setBusy(true);
    try {
      onChange(await (pausedAt === null ? api.schedules.pause(id) : api.schedules.resume(id)));
      toasts.show(pausedAt === null ? `${name} is paused` : `${name} goes on`);
    } catch (error) {
      toasts.show(`${name} is as it was: ${describe(error)}`, { bad: true });
    }
    setBusy(false);
  };
  return (
    <button type="button" aria-disabled={busy} onClick={change}>
      {pausedAt === null ? "Pause" : "Resume"} <span class="visually-hidden">{name}</span>
    </button>
  );
}

/** The actions on a schedule, for its owner and its environment's admins. */
export function ScheduleActions(props: Props) {
  const toasts = useToasts();
  const [isAsked, setAsked] = useState(false);
  const { id, name, owner } = props.schedule;
  if (!useMayChange(owner, props.role)) return null;
  const remove = async () => {
    await api.schedules.delete(id);
    toasts.show(`${name} is deleted`);
    navigate("/schedules");
  };
  return (
    <div class="actions">
      <PauseButton {...props} />
      <a class="button" href={`/schedules/${id}/edit`}>
        Edit
      </a>
      <button type="button" class="danger-quiet" onClick={() => setAsked(true)}>
        Delete
      </button>
      {isAsked && (
        <Confirm
          title={`Delete ${name}?`}
          action="Delete it"
          perform={remove}
          onClose={() => setAsked(false)}
        >
          <p>It makes no captures any more, and the one that waits is deleted. Those that have begun stay.</p>
        </Confirm>
      )}
    </div>
  );
}
