import { useEffect, useState } from "preact/hooks";
import { LOG_NAMES } from "../../logs/names.ts";
import type { Workload } from "../api/types.ts";
import { fieldOf, momentOfField, rangeQuery, readRange } from "../lib/range.ts";
import { isFiltered, RECORD_FIELDS, RECORD_QUERY, type RecordField } from "../lib/record-filter.ts";
import type { FormErrors } from "../lib/refusals.ts";
import { navigate, type Place, withQuery } from "../lib/router.ts";
import { Check, Form, FormProblem, TextField } from "./field.tsx";
import { RangeFields } from "./range-bar.tsx";

/** What each field of the form says. */
const LABELS: Record<RecordField, string> = {
  contains: "Text",
  user: "User",
  table: "Table",
  host: "Host",
  db: "Database",
  threadId: "Session (thread)",
  command: "Command",
  minDuration: "Took at least (ms)",
  tag: "Tag (key:value)",
};
const FIRST: RecordField[] = ["user", "table", "contains"];
const MORE: RecordField[] = ["host", "db", "threadId", "command", "tag"];

/** The form that says which records are looked for. What it says is in the address once it is sent. */
export function RecordFilters({
  place,
  log,
  errors,
}: {
  place: Place;
  log: Workload["log"];
  errors: FormErrors;
}) {
  const { query } = place;
  const [values, setValues] = useState(
    () =>
      Object.fromEntries(RECORD_FIELDS.map((name) => [name, query.get(name) ?? ""])) as Record<
        RecordField,
        string
      >,
  );
  const range = readRange(query);
  const [from, setFrom] = useState(fieldOf(range?.from ?? null));
  const [to, setTo] = useState(fieldOf(range?.to ?? null));
  // It is chosen in charts, too, while the other fields are filled in.
  useEffect(() => {
    setFrom(fieldOf(range?.from ?? null));
    setTo(fieldOf(range?.to ?? null));
  }, [range?.from, range?.to]);
  const [errorsOnly, setErrorsOnly] = useState(query.get("errors") === "true");
  const [order, setOrder] = useState(query.get("order") ?? "oldest");
  const [chosenLog, setLog] = useState(query.get("log") ?? "");
  const isSlow = log === "slow" || (log === "both" && chosenLog === "slow");

  const search = () => {
    const moments = { from: momentOfField(from), to: momentOfField(to) };
    navigate(
      withQuery(place, {
        ...values,
        ...(isSlow ? {} : { minDuration: "" }),
        ...rangeQuery(moments),
        errors: isSlow && errorsOnly ? "true" : "",
        order: order === "newest" ? order : "",
        log: chosenLog,
        cursor: "",
      }),
    );
  };
  const clear = () =>
    navigate(withQuery(place, { ...Object.fromEntries(RECORD_QUERY.map((name) => [name, ""])), cursor: "" }));

  const field = (name: RecordField) => (
    <TextField
      key={name}
      name={name}
      label={LABELS[name]}
      error={errors.fields[name]}
      value={values[name]}
      spellcheck={false}
      {...(name === "minDuration" && { inputMode: "decimal" as const })}
      onChange={(value) => setValues((before) => ({ ...before, [name]: value }))}
    />
  );
  const hasMore = MORE.some((name) => values[name] !== "" || errors.fields[name] !== undefined);
  return (
    <search class="card">
      <Form onSubmit={search} refused={errors}>
        <div class="filters record-filters">
          {FIRST.map(field)}
          <RangeFields from={from} to={to} onFrom={setFrom} onTo={setTo} />
          {isSlow && field("minDuration")}
        </div>
        <details open={hasMore}>
          <summary>More</summary>
          <div class="filters record-filters">
            {MORE.map(field)}
            {log === "both" && (
              <label>
                <span>Log</span>
                <select value={chosenLog} onChange={({ currentTarget }) => setLog(currentTarget.value)}>
                  <option value="">general</option>
                  {LOG_NAMES.filter((name) => name !== "general").map((name) => (
                    <option key={name} value={name}>
                      {name}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <label>
              <span>Order</span>
              <select value={order} onChange={({ currentTarget }) => setOrder(currentTarget.value)}>
                <option value="oldest">Oldest first</option>
                <option value="newest">Newest first</option>
              </select>
            </label>
            {isSlow && (
              <Check checked={errorsOnly} onChange={setErrorsOnly}>
                Ended with an error
              </Check>
            )}
          </div>
        </details>
        <FormProblem message={errors.form} />
        <div class="actions">
          <button type="submit" class="primary">
            Search
          </button>
          {(isFiltered(query) || range !== null) && (
            <button type="button" onClick={clear}>
              Show all records
            </button>
          )}
        </div>
      </Form>
    </search>
  );
}
