import { KEY_SCOPES, type KeyScope } from "../../db/key-scopes.ts";
import { Field } from "./field.tsx";

const DAY_SECONDS = 24 * 60 * 60;
/** How long a key is valid unless somebody chooses otherwise, in seconds. */
export const DEFAULT_KEY_SECONDS = 90 * DAY_SECONDS;
/** How long a key can be valid. */
const LENGTHS: [seconds: number, words: string][] = [
  [7 * DAY_SECONDS, "7 days"],
  [30 * DAY_SECONDS, "30 days"],
  [DEFAULT_KEY_SECONDS, "90 days"],
  [365 * DAY_SECONDS, "a year"],
];

/** For how long a key is valid, in seconds; null for ever, where that can be chosen. */
export function KeyLength<Seconds extends number | null>({
  label,
  hint,
  never,
  seconds,
  onChange,
}: {
  label: string;
  hint?: string;
  /** What stands for null. */
  never?: null extends Seconds ? string : never;
  seconds: Seconds;
  onChange: (seconds: Seconds) => void;
}) {
  return (
    <Field name="expiresIn" label={label} hint={hint}>
      {(control) => (
        <select
          {...control}
          value={seconds ?? ""}
          onChange={({ currentTarget: { value } }) =>
            onChange((value === "" ? null : Number(value)) as Seconds)
          }
        >
          {LENGTHS.map(([length, words]) => (
            <option key={length} value={length}>
              {words}
            </option>
          ))}
          {never !== undefined && <option value="">{never}</option>}
        </select>
      )}
    </Field>
  );
}

const NAMES: Record<KeyScope, string> = { read: "Only read", write: "Read and change" };

/** What a key may do, in words. */
export const scopeName = (scope: KeyScope): string => NAMES[scope];

/** What a key is to be allowed: to read or also to change, in all environments of the reader or in one. */
export function KeyLimits({
  names,
  scope,
  onScope,
  envId,
  onEnvironment,
}: {
  /** What the environments of the reader are called, by their ids: one can be chosen. */
  names: ReadonlyMap<number, string>;
  scope: KeyScope;
  onScope: (scope: KeyScope) => void;
  envId: number | null;
  onEnvironment: (envId: number | null) => void;
}) {
  return (
    <>
      <Field name="scope" label="It may">
        {(control) => (
          <select
            {...control}
            value={scope}
            onChange={({ currentTarget }) => onScope(currentTarget.value as KeyScope)}
          >
            {KEY_SCOPES.map((one) => (
              <option key={one} value={one}>
                {NAMES[one]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field name="envId" label="In" hint="A key for one environment sees no other one, and adds none.">
        {(control) => (
          <select
            {...control}
            value={envId ?? ""}
            onChange={({ currentTarget: { value } }) => onEnvironment(value === "" ? null : Number(value))}
          >
            <option value="">All your environments</option>
            {[...names].map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}
