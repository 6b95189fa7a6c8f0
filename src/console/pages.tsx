import type { VNode } from "preact";
import { usePlace } from "./lib/router.ts";
import { AuditPage } from "./pages/audit.tsx";
import { CapturePage } from "./pages/capture.tsx";
import { CapturesPage } from "./pages/captures.tsx";
import { ComparePage } from "./pages/compare.tsx";
import { DevicePage } from "./pages/device.tsx";
import { EnvironmentPage } from "./pages/environment.tsx";
import { EnvironmentsPage } from "./pages/environments.tsx";
import { TablesPage, UsersPage } from "./pages/groups.tsx";
import { InvitePage } from "./pages/invite.tsx";
import { KeysPage } from "./pages/keys.tsx";
import { NewCapturePage } from "./pages/new-capture.tsx";
import { NewEnvironmentPage } from "./pages/new-environment.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { RecordsPage } from "./pages/records.tsx";
import { SchedulePage } from "./pages/schedule.tsx";
import { EditSchedulePage, NewSchedulePage } from "./pages/schedule-forms.tsx";
import { SchedulesPage } from "./pages/schedules.tsx";
import { SessionPage } from "./pages/session.tsx";
import { StatementPage } from "./pages/statement.tsx";
import { StatementsPage } from "./pages/statements.tsx";

const PAGES: [RegExp, (id: number, item: string) => VNode][] = [
  [/^\/(?:captures\/?)?$/, () => <CapturesPage />],
  [/^\/captures\/new\/?$/, () => <NewCapturePage />],
  [/^\/captures\/([1-9]\d{0,14})\/?$/, (id) => <CapturePage key={id} id={id} />],
  [/^\/captures\/([1-9]\d{0,14})\/statements\/?$/, (id) => <StatementsPage key={id} id={id} />],
  [
    /^\/captures\/([1-9]\d{0,14})\/statements\/([0-9a-f]{16})\/?$/,
    (id, fingerprint) => <StatementPage key={`${id}/${fingerprint}`} id={id} fingerprint={fingerprint} />,
  ],
  [/^\/captures\/([1-9]\d{0,14})\/records\/?$/, (id) => <RecordsPage key={id} id={id} />],
  [
    /^\/captures\/([1-9]\d{0,14})\/sessions\/(\d{1,16})\/?$/,
    (id, thread) => <SessionPage key={`${id}/${thread}`} id={id} threadId={Number(thread)} />,
  ],
  [/^\/captures\/([1-9]\d{0,14})\/tables\/?$/, (id) => <TablesPage key={id} id={id} />],
  [/^\/captures\/([1-9]\d{0,14})\/users\/?$/, (id) => <UsersPage key={id} id={id} />],
  [/^\/schedules\/?$/, () => <SchedulesPage />],
  [/^\/schedules\/new\/?$/, () => <NewSchedulePage />],
  [/^\/schedules\/([1-9]\d{0,14})\/?$/, (id) => <SchedulePage key={id} id={id} />],
  [/^\/schedules\/([1-9]\d{0,14})\/edit\/?$/, (id) => <EditSchedulePage key={id} id={id} />],
  [/^\/compare\/?$/, () => <ComparePage />],
  [/^\/device\/?$/, () => <DevicePage />],
  [/^\/environments\/?$/, () => <EnvironmentsPage />],
  [/^\/environments\/new\/?$/, () => <NewEnvironmentPage />],
  [/^\/environments\/([1-9]\d{0,14})\/?$/, (id) => <EnvironmentPage key={id} id={id} />],
  [/^\/environments\/([1-9]\d{0,14})\/audit\/?$/, (id) => <AuditPage key={id} id={id} />],
  [/^\/invite\/?$/, () => <InvitePage />],
  [/^\/keys\/?$/, () => <KeysPage />],
];

/** The page of the address. */
export function Pages() {
  const { path } = usePlace();
  for (const [pattern, page] of PAGES) {
    const match = pattern.exec(path);
    if (match !== null) return page(Number(match[1]), match[2] ?? "");
  }
  return <NotFoundPage />;
}
