import { useState } from "preact/hooks";
import { STATUSES } from "../../db/states.ts";
import { api } from "../api/client.ts";
import { SORTS } from "../lib/capture-filter.ts";
import { localTime, timeZoneAt } from "../lib/format.ts";
import { useResource } from "../lib/hooks.ts";
import { navigate, type Place, withQuery } from "../lib/router.ts";
import { useSession } from "../lib/session.ts";
import { environmentOptions, type Option, Select } from "./select.tsx";
import { statusName } from "./status.tsx";

/** Which of the filters are behind "More filters". */
const MORE = ["owner", "label", "from", "to"];

/** What picks captures out of the list, and orders it; all of it is in the address. */
export function CaptureFilters({ place, names }: { place: Place; names: Map<number, string> }) {
  const { query } = place;
  const choose = (changes: Record<string, string>) =>
    navigate(withQuery(place, { page: "", cursor: "", ...changes }), { replace: true });
  return (
    <search>
      <div class="filters">
        <label>
          <span>Search</span>
          <input
            type="search"
            placeholder="Name or number"
            value={query.get("q") ?? ""}
            onInput={({ currentTarget }) =>
              navigate(withQuery(place, { page: "", q: currentTarget.value }), { replace: true })
            }
          />
        </label>
        <Select
          label="Environment"
          chosen={query.get("envId") ?? ""}
          options={environmentOptions(names)}
          // Its members are offered as owners.
          onChoose={(envId) => choose({ envId, owner: query.get("owner") === "me" ? "me" : "" })}
        />
        <Select
          label="Status"
          chosen={query.get("status") ?? ""}
          options={[["", "Any"], ...STATUSES.map((status): Option => [status, statusName(status)])]}
          onChoose={(status) => choose({ status })}
        />
        <Select
          label="Order"
          chosen={query.get("sort") ?? "-created"}
          options={Object.entries(SORTS)}
          onChoose={(sort) => choose({ sort: sort === "-created" ? "" : sort })}
        />
      </div>
      <details class="more-filters" open={MORE.some((name) => query.has(name))}>
        <summary>More filters</summary>
        <div class="filters">
          <Owner place={place} choose={choose} />
          <Moment label="Recorded after" name="from" query={query} choose={choose} />
          <Moment label="Recorded before" name="to" query={query} choose={choose} />
          <LabelFilter place={place} />
        </div>
        <p class="hint">Times are in your time zone, {timeZoneAt(Date.now())}.</p>
      </details>
    </search>
  );
}

type Choose = (changes: Record<string, string>) => void;

/** Whose captures: anybody's, one's own, or those of a member of the environment that is chosen. */
function Owner({ place, choose }: { place: Place; choose: Choose }) {
  const { user } = useSession();
  const envId = place.query.get("envId");
  const members = useResource(envId === null ? null : `members/${envId}`, (signal) =>
    api.members.list(Number(envId), { signal }),
  );
  const others = (members.data ?? []).filter(({ userId }) => userId !== user.id);
  const chosen = place.query.get("owner") ?? "";
  const options: Option[] = [
    ["", "Anybody"],
    ["me", "You"],
    ...others.map(({ userId, name }): Option => [userId, name]),
  ];
  if (!options.some(([value]) => value === chosen)) options.push([chosen, "Somebody else"]);
  return <Select label="Owner" chosen={chosen} options={options} onChoose={(owner) => choose({ owner })} />;
}

function Moment({
  label,
  name,
  query,
  choose,
}: {
  label: string;
  name: "from" | "to";
  query: URLSearchParams;
  choose: Choose;
}) {
  const at = Date.parse(query.get(name) ?? "");
  return (
    <label>
      <span>{label}</span>
      <input
        type="datetime-local"
        value={Number.isNaN(at) ? "" : localTime(at)}
        onChange={({ currentTarget: { value } }) =>
          choose({ [name]: value === "" ? "" : new Date(value).toISOString() })
        }
      />
    </label>
  );
}

/** The labels that captures must have: each can be taken away again, and another typed. */
function LabelFilter({ place }: { place: Place }) {
  const [typed, setTyped] = useState("");
  const labels = place.query.getAll("label");
  const set = (changed: string[]) => {
    const query = new URLSearchParams(place.query);
    for (const name of ["label", "page", "cursor"]) query.delete(name);
    for (const label of changed) query.append("label", label);
    navigate(`${place.path}?${query}`, { replace: true });
  };
  return (
    <form
      class="label-filter"
      onSubmit={(event) => {
        event.preventDefault();
        const label = typed.replace(/^\s*([^:]*?)\s*:\s*(.*?)\s*$/, "$1:$2").trim();
        if (label !== "" && !labels.includes(label)) set([...labels, label]);
        setTyped("");
      }}
    >
      <label>
        <span>With the label</span>
        <input
          placeholder="release: 1.2"
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </label>
      <button type="submit">Add</button>
      {labels.length > 0 && (
        <ul class="labels">
          {labels.map((label) => (
            <li key={label}>
              <button
                type="button"
                aria-label={`Without the label ${label}`}
                onClick={() => set(labels.filter((other) => other !== label))}
              >
                {label} ✕
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}
