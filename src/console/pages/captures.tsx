import { useRef } from "preact/hooks";
import { api } from "../api/client.ts";
import type { FullCapture } from "../api/types.ts";
import { CaptureFilters } from "../components/capture-filters.tsx";
import { CaptureRow, COLUMNS } from "../components/capture-list-columns.tsx";
import { DeletedNotice } from "../components/deleted-notice.tsx";
import { Heading } from "../components/heading.tsx";
import { Failure, Loaded } from "../components/loading.tsx";
import { filterIn } from "../lib/capture-filter.ts";
import { environmentNames, viewsOnly } from "../lib/environments.ts";
import { formatCount } from "../lib/format.ts";
import { usePolling, useResource } from "../lib/hooks.ts";
import { headSize, isMoving, mergeHead, PAGE_SIZE } from "../lib/list.ts";
import { navigate, type Place, usePlace, withQuery } from "../lib/router.ts";

const ROWS = 50;
const LIVE_POLL_MS = 5000;
/** For captures that others make. */
const IDLE_POLL_MS = 30_000;

/**
 * The captures of all environments, or of one. A thousand are read at once, the most that the API gives, searched here, and
 * shown some rows at a time; what is chosen is in the address.
 */
export function CapturesPage() {
  const place = usePlace();
  const { query } = place;
  const envId = query.get("envId") ?? "";
  const filter = filterIn(query);

  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  const list = useResource(`captures/${JSON.stringify(filter)}`, (signal) =>
    api.captures.fullPage({ ...filter, limit: PAGE_SIZE }, { signal }),
  );
  const captures = list.data?.captures ?? [];
  const someMoving = captures.some((capture) => isMoving(capture, Date.now()));

  const refreshing = useRef(false);
  const refresh = async () => {
    if (list.data === undefined || refreshing.current) return;
    refreshing.current = true;
    try {
      const isNewestFirst = filter.sort === undefined || filter.sort === "-created";
      const limit = isNewestFirst ? headSize(captures, Date.now()) : PAGE_SIZE;
      const read = await api.captures.fullPage({ ...filter, limit });
      list.put(isNewestFirst ? { ...list.data, captures: mergeHead(captures, read.captures, limit) } : read);
    } catch {
      // The next one may succeed. A lost network has its notice, an ended session its dialog.
    } finally {
      refreshing.current = false;
    }
  };
  usePolling(refresh, list.data === undefined ? null : someMoving ? LIVE_POLL_MS : IDLE_POLL_MS);

  const names = environmentNames(environments.data ?? []);
  const shown = environments.data?.filter(({ id }) => envId === "" || String(id) === envId) ?? [];
  const isViewer = viewsOnly(shown);
  return (
    <>
      <div class="page-head">
        <Heading title="Captures" />
        {!isViewer && (
          <a class="button primary" href={`/captures/new${envId === "" ? "" : `?envId=${envId}`}`}>
            New capture
          </a>
        )}
      </div>
      {environments.error !== undefined && (
        <Failure error={environments.error} retry={environments.reload} busy={environments.loading} />
      )}
      <JustDeleted place={place} />
      <CaptureFilters place={place} names={names} />
      <Loaded resource={list} what="the captures" lines={8}>
        {({ captures: all, next }) => (
          <CaptureTable
            place={place}
            captures={all}
            next={next}
            names={names}
            hasEnvironments={environments.data === undefined || environments.data.length > 0}
            isViewer={isViewer}
          />
        )}
      </Loaded>
    </>
  );
}

/** What the reader has just deleted, with a way back. */
function JustDeleted({ place }: { place: Place }) {
  const id = /^[1-9]\d{0,14}$/.exec(place.query.get("deleted") ?? "")?.[0];
  const capture = useResource(id === undefined ? null : `full/${id}`, (signal) =>
    api.captures.getFull(Number(id), { signal }),
  );
  // One that is restored meanwhile, or erased, needs no notice.
  if (capture.data === undefined || capture.data.deletedAt === null) return null;
  return <DeletedNotice capture={capture.data} onRestored={() => navigate(`/captures/${id}`)} />;
}

function CaptureTable({
  place,
  captures,
  next,
  names,
  hasEnvironments,
  isViewer,
}: {
  place: Place;
  captures: FullCapture[];
  next: number | string | null;
  names: Map<number, string>;
  hasEnvironments: boolean;
  /** Whether the reader may make none in these environments. */
  isViewer: boolean;
}) {
  const wanted = (place.query.get("q") ?? "").trim().toLowerCase();
  const found =
    wanted === ""
      ? captures
      : captures.filter(({ id, name }) => name.toLowerCase().includes(wanted) || String(id) === wanted);
  const pages = Math.max(1, Math.ceil(found.length / ROWS));
  const page = Math.min(pages, Math.max(1, Math.trunc(Number(place.query.get("page"))) || 1));
  const shown = found.slice((page - 1) * ROWS, page * ROWS);
  const isFiltered =
    wanted !== "" || Object.values(filterIn(place.query)).some((value) => value !== undefined);

  if (captures.length === 0 && !isFiltered) {
    return (
      <div class="empty">
        <h2>No captures yet</h2>
        <p>
          {hasEnvironments
            ? "A capture records the statements and the metrics of a database between a start and an end."
            : "First add an environment: the database that is to be recorded."}
        </p>
        {!isViewer && (
          <a class="button primary" href={hasEnvironments ? "/captures/new" : "/environments/new"}>
            {hasEnvironments ? "Make the first one" : "Add an environment"}
          </a>
        )}
      </div>
    );
  }
  return (
    <>
      <p class="count" role="status">
        {countOf(found.length, captures.length, next !== null, wanted !== "")}
      </p>
      {shown.length > 0 && (
        <div class="table-wrap">
          <table class="captures">
            <thead>
              <tr>
                {COLUMNS.map(({ title, room }) => (
                  <th key={title} scope="col" class={room}>
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((capture) => (
                <CaptureRow key={capture.id} capture={capture} environment={names.get(capture.envId) ?? ""} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Paging place={place} page={page} pages={pages} next={next} isSearch={wanted !== ""} />
    </>
  );
}

/** How many there are, and whether the older ones, which are not read yet, may have more. */
function countOf(found: number, read: number, hasOlder: boolean, isSearch: boolean): string {
  const captures = `${formatCount(found)} ${found === 1 ? "capture" : "captures"}`;
  if (!hasOlder) return found === 0 ? "Nothing matches" : captures;
  if (!isSearch) return `${captures}, and older ones`;
  return `${found === 0 ? "Nothing" : captures} of these ${formatCount(read)}; older ones have not been searched`;
}

function Paging({
  place,
  page,
  pages,
  next,
  isSearch,
}: {
  place: Place;
  page: number;
  pages: number;
  next: number | string | null;
  isSearch: boolean;
}) {
  const older = page === pages ? next : null;
  const newer = page === 1 && place.query.has("cursor");
  if (pages === 1 && older === null && !newer) return null;
  const to = (number: number) => withQuery(place, { page: number === 1 ? "" : String(number) });
  return (
    <nav class="paging" aria-label="Pages">
      {page > 1 && (
        <a class="button" rel="prev" href={to(page - 1)}>
          Previous
        </a>
      )}
      {newer && (
        <a class="button" href={withQuery(place, { cursor: "", page: "" })}>
          Newest captures
        </a>
      )}
      <span>
        Page {page} of {pages}
      </span>
      {page < pages && (
        <a class="button" rel="next" href={to(page + 1)}>
          Next
        </a>
      )}
      {older !== null && (
        <a class="button" rel="next" href={withQuery(place, { cursor: String(older), page: "" })}>
          {isSearch ? "Search older captures" : "Older captures"}
        </a>
      )}
    </nav>
  );
}
