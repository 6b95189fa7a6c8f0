import { useState } from "preact/hooks";
import type { FormErrors } from "../lib/refusals.ts";
import { navigate, usePlace, withQuery } from "../lib/router.ts";
import { FILTER_LABELS, STATEMENT_FILTERS, type StatementFilter } from "../lib/statement-filter.ts";
import { Form, FormProblem, TextField } from "./field.tsx";

/** The form that says which statements are looked for. What it says is in the address once it is sent. */
export function StatementFilters({ errors }: { errors: FormErrors }) {
  const { query } = usePlace();
  // Another address, such as after a step back, fills it in anew.
  return <Fields key={STATEMENT_FILTERS.map((name) => query.get(name)).join("\n")} errors={errors} />;
}

function Fields({ errors }: { errors: FormErrors }) {
  const place = usePlace();
  const said = Object.fromEntries(STATEMENT_FILTERS.map((name) => [name, place.query.get(name) ?? ""]));
  const [values, setValues] = useState(said as Record<StatementFilter, string>);
  const isFiltered = Object.values(said).some((value) => value !== "");
  const choose = (chosen: Record<string, string>) => navigate(withQuery(place, { ...chosen, cursor: "" }));
  return (
    <search class="card">
      <Form onSubmit={() => choose(values)} refused={errors}>
        <div class="filters record-filters">
          {STATEMENT_FILTERS.map((name) => (
            <TextField
              key={name}
              name={name}
              label={FILTER_LABELS[name]}
              error={errors.fields[name]}
              value={values[name]}
              spellcheck={false}
              onChange={(value) => setValues((before) => ({ ...before, [name]: value }))}
            />
          ))}
        </div>
        <FormProblem message={errors.form} />
        <div class="actions">
          <button type="submit" class="primary">
            Search
          </button>
          {isFiltered && (
            <button
              type="button"
              onClick={() => choose(Object.fromEntries(STATEMENT_FILTERS.map((name) => [name, ""])))}
            >
              Show all statements
            </button>
          )}
        </div>
      </Form>
    </search>
  );
}
