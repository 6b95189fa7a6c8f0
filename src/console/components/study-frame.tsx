import type { ComponentChildren } from "preact";
import { api } from "../api/client.ts";
import type { Capture } from "../api/types.ts";
import { useResource } from "../lib/hooks.ts";
import { ReadsStatements, useReadsStatements } from "../lib/reader.ts";
import { type Place, usePlace } from "../lib/router.ts";
import { type StudyPage, studyPath } from "../lib/study.ts";
import { Heading } from "./heading.tsx";
import { Loaded } from "./loading.tsx";

const PAGES: [page: StudyPage | null, name: string][] = [
  [null, "Overview"],
  ["statements", "Statements"],
  ["records", "Records"],
  ["tables", "Tables"],
  ["users", "Users"],
];

/** The ways between the pages of a capture. The range of time goes along. Viewers have no records. */
export function StudyNav({ id, page, place }: { id: number; page: StudyPage | null; place: Place }) {
  const pages = useReadsStatements() ? PAGES : PAGES.filter(([to]) => to !== "records");
  return (
    <nav class="study-nav" aria-label="Of this capture">
      <ul>
        {pages.map(([to, name]) => {
          const isHere = to === page && (to === null || place.path === `/captures/${id}/${to}`);
          const current = isHere ? "page" : to === page ? "true" : undefined;
          return (
            <li key={name}>
              <a href={studyPath(id, to, place)} aria-current={current}>
                {name}
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

/** What is around the pages on which a capture's workload is studied: whose it is, and the ways to the others. */
export function StudyFrame({
  id,
  page,
  title,
  children,
}: {
  id: number;
  page: StudyPage;
  title: string;
  children: (capture: Capture) => ComponentChildren;
}) {
  const place = usePlace();
  const capture = useResource(`capture/${id}`, (signal) => api.captures.get(id, { signal }));
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  const environment = environments.data?.find((one) => one.id === capture.data?.envId);
  const reads = environment?.role !== "viewer";
  const name = capture.data?.name ?? `Capture ${id}`;
  return (
    <ReadsStatements.Provider value={reads}>
      <article class="capture">
        <div class="page-head">
          <div>
            <p class="crumbs">
              <a href="/captures">Captures</a>
              {" / "}
              <a href={studyPath(id, null, place)}>{name}</a>
            </p>
            <Heading title={`${title} · ${name}`}>{title}</Heading>
          </div>
        </div>
        <StudyNav id={id} page={page} place={place} />
        <Loaded resource={capture} what="the capture" lines={3}>
          {(known) => {
            // Records wait for what the reader's role is: a viewer should not ask for them.
            if (page === "records" && environments.loading && environment === undefined) return null;
            if (page === "records" && !reads) return <NoRecords />;
            if (known.start === null)
              return <p class="muted">There is something to study once the capture has started.</p>;
            return children(known);
          }}
        </Loaded>
      </article>
    </ReadsStatements.Provider>
  );
}

/** What a viewer is shown in the place of records. */
const NoRecords = () => (
  <p class="muted">
    You are a viewer of this environment: you see its figures and normalised statements, not what statements
    say. An admin can make you a member.
  </p>
);
