import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import { useResource } from "../lib/hooks.ts";
import { useSubmission } from "../lib/submission.ts";
import { Confirm } from "./confirm.tsx";
import { FormProblem } from "./field.tsx";
import { Loaded } from "./loading.tsx";
import { Secret } from "./secret.tsx";
import { Time } from "./time.tsx";

/** The secret address at which a calendar program reads what is scheduled. */
export function CalendarAddress() {
  const feed = useResource("calendar", (signal) => api.schedules.calendar({ signal }));
  const [url, setUrl] = useState<string | null>(null);
  const [asking, setAsking] = useState<"replace" | "revoke" | null>(null);
  const make = async () => {
    const made = await api.schedules.makeCalendar();
    setUrl(made.url);
    feed.put({ createdAt: made.createdAt });
  };
  const revoke = async () => {
    feed.put(await api.schedules.revokeCalendar());
    setUrl(null);
  };
  const { busy, errors, submit } = useSubmission([], make);
  return (
    <section class="card" aria-labelledby="calendar-title">
      <h2 id="calendar-title">In your calendar</h2>
      <p>
        A calendar program can show what is scheduled in all your environments. It reads a secret address,
        which shows names and times, and nothing else.
      </p>
      <Loaded resource={feed} what="the calendar" lines={1}>
        {({ createdAt }) =>
          createdAt === null ? (
            <button type="button" aria-disabled={busy} onClick={() => void submit()}>
              Make an address
            </button>
          ) : (
            <>
              <p class="muted">
                Your calendar has an address since <Time at={createdAt} />.
              </p>
              <div class="actions">
                <button type="button" onClick={() => setAsking("replace")}>
                  Replace it
                </button>
                <button type="button" class="danger-quiet" onClick={() => setAsking("revoke")}>
                  Revoke it
                </button>
              </div>
            </>
          )
        }
      </Loaded>
      <FormProblem message={errors.form} />
      {url !== null && (
        <Secret label="Address for your calendar program" value={url} note="It is shown this once." />
      )}
      {asking !== null && (
        <Confirm
          title={asking === "replace" ? "Replace the address?" : "Revoke the address?"}
          action={asking === "replace" ? "Replace" : "Revoke"}
          perform={asking === "replace" ? make : revoke}
          onClose={() => setAsking(null)}
        >
          <p>Calendar programs that have the address of now will show nothing new any more.</p>
        </Confirm>
      )}
    </section>
  );
}
