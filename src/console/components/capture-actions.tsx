import { useState } from "preact/hooks";
import { api, reportPath } from "../api/client.ts";
import type { Capture, FullCapture, Role } from "../api/types.ts";
import { isLive } from "../lib/list.ts";
import { describe } from "../lib/refusals.ts";
import { navigate } from "../lib/router.ts";
import { useMayChange } from "../lib/session.ts";
import { Confirm } from "./confirm.tsx";
import { EditAbout, EditTimes } from "./edit-capture.tsx";
import { useToasts } from "./toasts.tsx";

/** What a reader can be asked about before it is done. */
type Asked = "stop" | "cancel" | "edit" | "times" | "delete" | "erase";

/** The actions on a capture, for its owner and its environment's admins. */
export function CaptureActions({
  capture,
  role,
  onChange,
}: {
  capture: FullCapture;
  /** The reader's role in the environment; undefined while it is not known. */
  role: Role | undefined;
  onChange: (capture: Capture) => void;
}) {
  const toasts = useToasts();
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  const { id, name, status, backDated } = capture;
  const mayChange = useMayChange(capture.owner, role);
  const isBefore = status === "SCHEDULED" || status === "STARTED" || status === "STARTING";
  const hasTimes = status === "SCHEDULED" || (status === "RUNNING" && !backDated);

  const stop = async () => {
    onChange(await api.captures.stop(id));
    toasts.show(`${name} is stopping`);
  };
  const cancel = async () => {
    onChange(await api.captures.cancel(id));
    toasts.show(`${name} is cancelled`);
  };
  const remove = async () => {
    await api.captures.delete(id);
    // The list says so, and undoes it.
    navigate(`/captures?deleted=${id}`);
  };
  const erase = async () => {
    await api.captures.erase(id);
    onChange(capture);
    toasts.show(`What ${name} has recorded is being erased`);
  };
  /** Changes it, says so, and puts it back as it was on request. */
  const changed = (after: Capture, said: string, back: Parameters<typeof api.captures.update>[1]) => {
    onChange(after);
    close();
    toasts.show(said, {
      undo: () => {
        api.captures.update(id, back).then(
          (restored) => {
            onChange(restored);
            toasts.show(`${restored.name} is as it was`);
          },
          (error) => toasts.show(`It could not be changed back: ${describe(error)}`, { bad: true }),
        );
      },
    });
  };

  const button = (what: Asked, text: string, look?: string) => (
    <button type="button" class={look} onClick={() => setAsked(what)}>
      {text}
    </button>
  );
  return (
    <div class="actions">
      {mayChange && status === "RUNNING" && button("stop", "Stop", "primary")}
      {status === "FAILED" && (
        <a class="button primary" href={`/captures/new?again=${id}`}>
          Try again
        </a>
      )}
      {mayChange && hasTimes && button("times", status === "RUNNING" ? "Change its end" : "Reschedule")}
      {mayChange && isBefore && button("cancel", "Cancel it")}
      <a class="button" href={`/compare?b=${id}`}>
        Compare
      </a>
      {capture.start !== null && capture.erased === null && (
        <a class="button" download href={reportPath(id)}>
          Report
        </a>
      )}
      {mayChange && button("edit", "Edit")}
      {role === "admin" &&
        !isLive(status) &&
        capture.erased === null &&
        button("erase", "Erase", "danger-quiet")}
      {mayChange && button("delete", "Delete", "danger-quiet")}
      {asked === "stop" && (
        <Confirm title={`Stop ${name}?`} action="Stop it" perform={stop} onClose={close}>
          <p>It ends now, and what it has recorded stays. A capture that has ended can't go on.</p>
        </Confirm>
      )}
      {asked === "cancel" && (
        <Confirm
          title={`Cancel ${name}?`}
          action="Cancel it"
          perform={cancel}
          onClose={close}
          closeLabel="Keep it"
        >
          <p>It will not start, and stays in the list as failed: it can be tried again from there.</p>
        </Confirm>
      )}
      {asked === "erase" && (
        <Confirm
          title={`Erase what ${name} has recorded?`}
          action="Erase it"
          typed={name}
          perform={erase}
          onClose={close}
        >
          <p>
            Its statements, figures and metrics are erased. The capture stays in the list. This can't be
            undone.
          </p>
        </Confirm>
      )}
      {asked === "delete" && (
        <Confirm title={`Delete ${name}?`} action="Delete it" perform={remove} onClose={close}>
          <p>
            {isLive(status) && "It is ended first, and can't go on. "}Nobody will see it any more, nor its
            metrics and its workload. It can be brought back for some time.
          </p>
        </Confirm>
      )}
      {asked === "edit" && (
        <EditAbout
          capture={capture}
          onClose={close}
          onChanged={(after) =>
            changed(after, after.name === name ? `${name} is changed` : `Renamed to ${after.name}`, {
              name,
              labels: capture.labels,
              notes: capture.notes,
            })
          }
        />
      )}
      {asked === "times" && (
        <EditTimes
          capture={capture}
          onClose={close}
          onChanged={(after) =>
            changed(after, `The times of ${name} are changed`, {
              duration: capture.duration,
              ...(capture.status === "SCHEDULED" &&
                capture.scheduledStart !== null && { scheduledStart: capture.scheduledStart }),
            })
          }
        />
      )}
    </div>
  );
}
