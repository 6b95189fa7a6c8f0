import type { ComponentChildren } from "preact";
import { type Length, UNITS } from "../lib/lengths.ts";
import { Choice, Field, TextField } from "./field.tsx";

/** How long a capture runs: for a while, or, unless it always ends by itself, until it is stopped. */
export function LengthFields({
  length,
  error,
  hint,
  isAlwaysTimed = false,
  onChange,
}: {
  length: Length;
  error: string | undefined;
  hint: ComponentChildren;
  isAlwaysTimed?: boolean;
  onChange: (length: Length) => void;
}) {
  return (
    <>
      {!isAlwaysTimed && (
        <Choice
          legend="Run"
          name="length"
          options={["For a while", "Until it is stopped"]}
          chosen={length.isTimed ? 0 : 1}
          onChoose={(index) => onChange({ ...length, isTimed: index === 0 })}
        />
      )}
      {(isAlwaysTimed || length.isTimed) && (
        <div class="pair">
          <TextField
            name="duration"
            label="For"
            error={error}
            hint={hint}
            type="number"
            min={0}
            inputMode="decimal"
            value={length.amount}
            onChange={(amount) => onChange({ ...length, amount })}
          />
          <Field name="unit" label="Unit of time">
            {(control) => (
              <select
                {...control}
                value={length.unit}
                onChange={({ currentTarget }) =>
                  onChange({ ...length, unit: currentTarget.value as Length["unit"] })
                }
              >
                {Object.keys(UNITS).map((known) => (
                  <option key={known} value={known}>
                    {known}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
      )}
    </>
  );
}
