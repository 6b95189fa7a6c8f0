import type { Schedule, ScheduleFilter } from "../api/types.ts";
import { navigate, type Place, withQuery } from "../lib/router.ts";
import { environmentOptions, Select } from "./select.tsx";

/** The states of schedules, and how they are called. */
const STATES: Record<Schedule["state"], string> = { active: "Active", paused: "Paused", over: "Over" };

/** The list that an address asks for. What is no state the service refuses, in words. */
export function scheduleFilterIn(query: URLSearchParams): ScheduleFilter {
  const envId = query.get("envId") || undefined;
  return {
    envId: envId === undefined ? undefined : Number(envId),
    state: (query.get("state") || undefined) as ScheduleFilter["state"],
    search: query.get("search") || undefined,
  };
}

/** What picks schedules out of the list; all of it is in the address. */
export function ScheduleFilters({ place, names }: { place: Place; names: Map<number, string> }) {
  const { query } = place;
  const choose = (changes: Record<string, string>) => navigate(withQuery(place, changes), { replace: true });
  return (
    <search>
      <div class="filters">
        <label>
          <span>Search</span>
          <input
            type="search"
            placeholder="Name"
            maxLength={100}
            value={query.get("search") ?? ""}
            onInput={({ currentTarget }) => choose({ search: currentTarget.value })}
          />
        </label>
        <Select
          label="Environment"
          chosen={query.get("envId") ?? ""}
          options={environmentOptions(names)}
          onChoose={(envId) => choose({ envId })}
        />
        <Select
          label="State"
          chosen={query.get("state") ?? ""}
          options={[["", "Any"], ...Object.entries(STATES)]}
          onChoose={(state) => choose({ state })}
        />
      </div>
    </search>
  );
}
