import { api } from "../api/client.ts";
import type { Capture, WorkloadGroups } from "../api/types.ts";
import { GroupTable } from "../components/group-table.tsx";
import { Loaded } from "../components/loading.tsx";
import { WholeHint } from "../components/range-bar.tsx";
import { StudyFrame } from "../components/study-frame.tsx";
import { formatCount } from "../lib/format.ts";
import { usePolling, useResource } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { useReadsStatements } from "../lib/reader.ts";
import { usePlace, withQuery } from "../lib/router.ts";
import { studyPath } from "../lib/study.ts";

const POLL_MS = 60_000;

/** What a capture's statements read and write, by table. */
export function TablesPage({ id }: { id: number }) {
  return (
    <StudyFrame id={id} page="tables" title="Tables">
      {(capture) => <Tables capture={capture} />}
    </StudyFrame>
  );
}

function Tables({ capture: { id, status } }: { capture: Capture }) {
  const place = usePlace();
  const tables = useResource(`tables/${id}`, (signal) => api.captures.tables(id, { signal }), status);
  usePolling(tables.reload, isLive(status) ? POLL_MS : null);
  return (
    <section aria-label="Tables">
      <WholeHint what="These figures are" more="The records that they lead to are of that time." />
      <Loaded resource={tables} what="the tables" lines={6}>
        {({ groups, others }) => (
          <>
            <GroupTable
              title="Table"
              groups={groups}
              others={others}
              linkOf={(table) => studyPath(id, "statements", place, { table })}
            />
            <p class="hint">
              A statement counts for each of its tables, with all of its time and rows. A table's name leads
              to its statements.
            </p>
          </>
        )}
      </Loaded>
    </section>
  );
}

/** Who ran a capture's statements and from where, and their tags. */
export function UsersPage({ id }: { id: number }) {
  return (
    <StudyFrame id={id} page="users" title="Users">
      {(capture) => <Users capture={capture} />}
    </StudyFrame>
  );
}

function Users({ capture: { id, status } }: { capture: Capture }) {
  const place = usePlace();
  const reads = useReadsStatements();
  const key = place.query.get("key") ?? "";
  const users = useResource(`users/${id}`, (signal) => api.captures.users(id, { signal }), status);
  const hosts = useResource(`hosts/${id}`, (signal) => api.captures.hosts(id, { signal }), status);
  const tags = useResource(
    `tags/${id}/${key}`,
    (signal) => api.captures.tags(id, key === "" ? {} : { key }, { signal }),
    status,
  );
  usePolling(
    () => {
      users.reload();
      hosts.reload();
      tags.reload();
    },
    isLive(status) ? POLL_MS : null,
  );
  const recordsOf = (name: "user" | "host") => (value: string) =>
    value === "" || !reads ? null : studyPath(id, "records", place, { [name]: value });
  return (
    <>
      <WholeHint
        what="These figures are"
        {...(reads && { more: "The records that they lead to are of that time." })}
      />
      <section aria-labelledby="users-title">
        <h2 id="users-title">By user</h2>
        <Loaded resource={users} what="the users" lines={4}>
          {(found) => (
            <>
              <GroupTable
                title="User"
                groups={found.groups}
                others={found.others}
                linkOf={recordsOf("user")}
              />
              <Uncounted of={found} />
            </>
          )}
        </Loaded>
      </section>
      <section aria-labelledby="hosts-title">
        <h2 id="hosts-title">By host</h2>
        <Loaded resource={hosts} what="the hosts" lines={4}>
          {(found) => (
            <>
              <GroupTable
                title="Host"
                groups={found.groups}
                others={found.others}
                linkOf={recordsOf("host")}
              />
              <Uncounted of={found} />
            </>
          )}
        </Loaded>
      </section>
      <Loaded resource={tags} what="the tags" lines={3}>
        {({ groups, others }) =>
          groups.length > 0 && (
            <section aria-labelledby="tags-title">
              <h2 id="tags-title">{key === "" ? "By tag" : `By the tag ${key}`}</h2>
              <GroupTable
                title={key === "" ? "Tag" : key}
                groups={groups}
                others={others}
                linkOf={(name) =>
                  key === ""
                    ? withQuery(place, { key: name })
                    : studyPath(id, "statements", place, { tag: `${key}:${name}` })
                }
              />
              {key !== "" && (
                <p>
                  <a href={withQuery(place, { key: "" })}>All tags</a>
                </p>
              )}
            </section>
          )
        }
      </Loaded>
    </>
  );
}

function Uncounted({ of: { uncounted } }: { of: WorkloadGroups }) {
  if (uncounted === 0) return null;
  return <p class="hint">Of {formatCount(uncounted)} statements this is not known.</p>;
}
