import { useState } from "preact/hooks";
import { navigate, usePlace, withQuery } from "../lib/router.ts";
import { FILTER_LABELS, STATEMENT_FILTERS, type StatementFilter } from "../lib/statement-filter.ts";
import { Form, TextField } from "./field.tsx";

/** The form that says which statements are looked for. What it says is in the address once it is sent. */
export function StatementFilters() {
  const place = usePlace();
  // Another address, such as after a step back, fills it in anew.
  return <Fields key={STATEMENT_FILTERS.map((name) => place.query.get(name)).join("\n")} />;
}

function Fields() {
  const place = usePlace();
  const said = Object.fromEntries(STATEMENT_FILTERS.map((name) => [name, place.query.get(name) ?? ""]));
  const [values, setValues] = useState(said as Record<StatementFilter, string>);
  const isFiltered = Object.values(said).some((value) => value !== "");
  const choose = (chosen: Record<string, string>) => navigate(withQuery(place, { ...chosen, cursor: "" }));
  return (
    <search>
      <Form onSubmit={() => choose(values)} refused={null}>
        <div class="filters">
          {STATEMENT_FILTERS.map((name) => (
            <TextField
              key={name}
              name={name}
              label={FILTER_LABELS[name]}
              value={values[name]}
              spellcheck={false}
              onChange={(value) => setValues((before) => ({ ...before, [name]: value }))}
            />
          ))}
          <button type="submit">Search</button>
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
