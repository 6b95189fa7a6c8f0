import type { Environment } from "../api/types.ts";
import { environmentNames } from "../lib/environments.ts";
import { Field } from "./field.tsx";

/** Which environment is recorded. */
export function EnvironmentField({
  environments,
  error,
  value,
  onChange,
}: {
  /** Those to choose from. */
  environments: Environment[];
  error: string | undefined;
  /** The id of the one that is chosen. */
  value: string;
  onChange: (envId: string) => void;
}) {
  const names = environmentNames(environments);
  return (
    <Field name="envId" label="Environment" error={error}>
      {(control) => (
        <select {...control} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
          {environments.map(({ id, ready }) => (
            <option key={id} value={String(id)}>
              {names.get(id)}
              {!ready && " (not ready)"}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** What is there instead of a form while there is no environment to choose. */
export function NoEnvironment() {
  return (
    <div class="empty">
      <p>
        There is no environment yet in which you may make captures: add the database that is to be recorded.
      </p>
      <a class="button primary" href="/environments/new">
        Add an environment
      </a>
    </div>
  );
}
