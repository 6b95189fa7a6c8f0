import { type CallerStatement, type Credential, callerStatement } from "../db/caller.ts";
import { IS_LIVE } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import {
  type CaptureRow,
  columns,
  FULL_COLUMNS,
  type FullCaptureRow,
  JOIN_OWNER_AND_SCHEDULE,
} from "./capture-row.ts";
import { orderOf, type Position, SORT_COLUMN, type Sort } from "./paging.ts";
import type { Seen } from "./queries.ts";
import type { CaptureFilter } from "./schema.ts";

/* The list of captures: one statement, made for what is asked for, answers a page of it. */

/** Which captures to list, in which order, and after which of them. */
export type ListRequest = Omit<CaptureFilter, "sort" | "cursor" | "view"> & {
  sort: Sort;
  after: Position | null;
  isFull: boolean;
};

/** A capture on a page; in full where that is asked for. `beginsAt` is what an order by start goes by. */
export type ListedRow = (CaptureRow | FullCaptureRow) & { beginsAt: number };

/**
 * The conditions of a page, of captures `p`, by what is asked for. A capture is of a time if it recorded then, or is to: one that has
 * not ended lasts until its scheduled end, or for ever.
 */
const CONDITIONS = {
  status: "p.status = :status",
  name: "p.name = :name",
  search: "instr(lower(p.name), lower(:search)) > 0",
  schedule: "p.schedule_id = :schedule",
  owner: "p.owner_id = iif(:owner = 'me', caller.id, :owner)",
  label: `not exists (select 1 from json_each(:label) w
    where not exists (select 1 from json_each(p.labels) l where l.key || ':' || l.value = w.value))`,
  from: `coalesce(p.ended_at, iif(p.${IS_LIVE}, coalesce(p.scheduled_end, 9e15), p.begins_at)) >= :from`,
  to: "p.begins_at < :to",
} as const;

type Condition = keyof typeof CONDITIONS;

/** The statements of pages, by what is asked for. */
const pages = new Map<string, CallerStatement>();

function pageOf(request: ListRequest): CallerStatement {
  const given = (Object.keys(CONDITIONS) as Condition[]).filter((field) => request[field] !== undefined);
  const { sort, after, isFull, envId } = request;
  const key = [...given, sort, after !== null, isFull, envId !== undefined].join();
  const known = pages.get(key);
  if (known !== undefined) return known;
  const page = callerStatement(pageSql(request, given));
  pages.set(key, page);
  return page;
}

/** At most a page from each environment, through its index: the cost never grows with other people's captures. */
function pageSql({ sort, after, isFull, envId }: ListRequest, given: readonly Condition[]): string {
  const { by, isDescending } = orderOf(sort);
  const column = SORT_COLUMN[by];
  const direction = isDescending ? "desc" : "asc";
  const order = (table: string) =>
    `${column === null ? "" : `${table}.${column} ${direction}, `}${table}.id ${direction}`;
  const beyond = isDescending ? "<" : ">";
  const isAfter =
    column === null ? `p.id ${beyond} :afterId` : `(p.${column}, p.id) ${beyond} (:afterValue, :afterId)`;
  const conditions = [...given.map((field) => CONDITIONS[field]), ...(after === null ? [] : [isAfter])];
  return `select caller.id as caller, m.env_id as memberOf, c.begins_at as beginsAt, ${isFull ? FULL_COLUMNS : columns("c")}
    from caller
    left join members m on m.user_id = caller.id ${envId === undefined ? "" : "and m.env_id = :envId"}
    left join captures c on c.id in
      (select p.id from captures p where p.env_id = m.env_id and p.deleted_at is null
       ${conditions.map((condition) => `and ${condition}`).join(" ")} order by ${order("p")} limit :limit)
    ${isFull ? JOIN_OWNER_AND_SCHEDULE : ""}
    order by ${isDescending ? "" : "c.id is null, "}${order("c")} limit :limit`;
}

/**
 * Reads a page of captures: of one environment, or of every environment of the caller.
 * @returns `found` is null when the environment asked for is unknown or not the caller's
 */
export async function listCaptures(
  db: Db,
  credential: Credential,
  request: ListRequest,
  now: number,
): Promise<Seen<ListedRow[]>> {
  const { after, isFull: _, sort: __, label, ...asked } = request;
  const { results } = await pageOf(request)(db, credential, now, {
    ...asked,
    label: JSON.stringify(label),
    afterId: after?.id,
    afterValue: after?.value,
  }).all<ListedRow & { caller: string; memberOf: number | null }>();
  const first = results[0];
  if (first === undefined) return { caller: null };
  if (request.envId !== undefined && first.memberOf === null) return { caller: first.caller, found: null };
  // An environment without captures leaves a row of nulls, which the order puts last.
  return { caller: first.caller, found: results.filter((row) => row.id !== null) };
}
