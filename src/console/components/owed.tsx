import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { FullEnvironment } from "../api/types.ts";
import { Confirm } from "./confirm.tsx";
import { Time } from "./time.tsx";

/** The parameter groups that an environment's captures have changed and that are not restored; nothing if there are none. */
export function Owed({
  environment,
  onChange,
}: {
  environment: FullEnvironment;
  onChange: (environment: FullEnvironment) => void;
}) {
  const [isAsked, setAsked] = useState(false);
  const { name, owed, role } = environment;
  if (owed.length === 0) return null;
  return (
    <section class="card" aria-labelledby="owed">
      <h2 id="owed">Not given back</h2>
      {owed.map(({ region, parameterGroup, settings, since, reason }) => (
        <div class="note" key={`${region}/${parameterGroup}`}>
          <p>
            The parameter group <strong>{parameterGroup}</strong> in {region} is not as it was before its
            captures, since <Time at={since} />: its logs may still be on.
          </p>
          {settings !== null && (
            <p>
              It is to have{" "}
              {Object.entries(settings.parameters).map(([parameter, value], i) => (
                <Fragment key={parameter}>
                  {i > 0 && ", "}
                  <code>{parameter}</code> {shownValue(value)}
                </Fragment>
              ))}{" "}
              again.
            </p>
          )}
          <p>{reason ?? "That has not been tried yet."}</p>
        </div>
      ))}
      <p class="muted">It is tried again by itself, and at once when you check the environment with AWS.</p>
      {role === "admin" && (
        <div class="actions">
          <button type="button" class="danger-quiet" onClick={() => setAsked(true)}>
            Abandon it
          </button>
        </div>
      )}
      {isAsked && (
        <Confirm
          title={`Abandon what ${name} owes?`}
          action="Leave it as it is"
          perform={async () => onChange(await api.environments.abandon(environment.id))}
          onClose={() => setAsked(false)}
        >
          <p>
            Nobody tries any more. The log stays on until you switch it off in AWS yourself, and it can fill
            the database's storage.
          </p>
        </Confirm>
      )}
    </section>
  );
}

function shownValue(value: string | null) {
  return value === null ? "without a value" : <code>{value}</code>;
}
