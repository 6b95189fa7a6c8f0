import { useState } from "preact/hooks";
import { REGION_GROUPS, regionName } from "../lib/regions.ts";
import { Field, TextField } from "./field.tsx";

/** The choice that is none of the list. */
const OTHER = "other";

/** A region, from the list of AWS's or typed. */
export function RegionField({
  region,
  error,
  onChange,
}: {
  /** Empty as long as none is chosen. */
  region: string;
  error: string | undefined;
  onChange: (region: string) => void;
}) {
  const [isOther, setOther] = useState(region !== "" && regionName(region) === null);
  return (
    <>
      <Field name="region" label="AWS region" error={isOther ? undefined : error}>
        {(control) => (
          <select
            {...control}
            value={isOther ? OTHER : region}
            onChange={({ currentTarget: { value } }) => {
              setOther(value === OTHER);
              onChange(value === OTHER ? "" : value);
            }}
          >
            <option value="" disabled>
              Choose a region
            </option>
            {REGION_GROUPS.map(({ title, regions }) => (
              <optgroup key={title} label={title}>
                {Object.entries(regions).map(([code, name]) => (
                  <option key={code} value={code}>
                    {code} · {name}
                  </option>
                ))}
              </optgroup>
            ))}
            <option value={OTHER}>Another region…</option>
          </select>
        )}
      </Field>
      {isOther && (
        <TextField
          name="region"
          label="The region's code"
          hint="Such as eu-central-1."
          error={error}
          spellcheck={false}
          value={region}
          onChange={(text) => onChange(text.trim())}
        />
      )}
    </>
  );
}
