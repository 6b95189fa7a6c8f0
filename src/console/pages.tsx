import type { ComponentType, VNode } from "preact";
import { lazyPage } from "./components/lazy-page.tsx";
import { usePlace } from "./lib/router.ts";
import { NotFoundPage } from "./pages/not-found.tsx";

/** Pages by their paths. */
interface Route {
  pattern: RegExp;
  preload: () => void;
  show: (match: RegExpExecArray) => VNode;
}

/**
 * A page whose code is loaded when somebody goes there.
 * @param props what it is told of the path: its first group is an id, its second the name of something in it
 */
function route<P extends object>(
  pattern: RegExp,
  load: () => Promise<ComponentType<P>>,
  props: (id: number, item: string) => P,
): Route {
  const { Page, preload } = lazyPage(load);
  return {
    pattern,
    preload,
    // Of something else the same page begins anew.
    show: ([, id = "", item = ""]) => <Page key={`${id}/${item}`} {...props(Number(id), item)} />,
  };
}

const nothing = () => ({});
const byId = (id: number) => ({ id });

const ROUTES: Route[] = [
  route(/^\/account\/?$/, async () => (await import("./pages/account.tsx")).AccountPage, nothing),
  route(/^\/(?:captures\/?)?$/, async () => (await import("./pages/captures.tsx")).CapturesPage, nothing),
  route(
    /^\/captures\/new\/?$/,
    async () => (await import("./pages/new-capture.tsx")).NewCapturePage,
    nothing,
  ),
  route(
    /^\/captures\/([1-9]\d{0,14})\/?$/,
    async () => (await import("./pages/capture.tsx")).CapturePage,
    byId,
  ),
  route(
    /^\/captures\/([1-9]\d{0,14})\/statements\/?$/,
    async () => (await import("./pages/statements.tsx")).StatementsPage,
    byId,
  ),
  route(
    /^\/captures\/([1-9]\d{0,14})\/statements\/([0-9a-f]{16})\/?$/,
    async () => (await import("./pages/statement.tsx")).StatementPage,
    (id, fingerprint) => ({ id, fingerprint }),
  ),
  route(
    /^\/captures\/([1-9]\d{0,14})\/records\/?$/,
    async () => (await import("./pages/records.tsx")).RecordsPage,
    byId,
  ),
  route(
    /^\/captures\/([1-9]\d{0,14})\/sessions\/(\d{1,16})\/?$/,
    async () => (await import("./pages/session.tsx")).SessionPage,
    (id, thread) => ({ id, threadId: Number(thread) }),
  ),
  route(
    /^\/captures\/([1-9]\d{0,14})\/tables\/?$/,
    async () => (await import("./pages/groups.tsx")).TablesPage,
    byId,
  ),
  route(
    /^\/captures\/([1-9]\d{0,14})\/users\/?$/,
    async () => (await import("./pages/groups.tsx")).UsersPage,
    byId,
  ),
  route(/^\/schedules\/?$/, async () => (await import("./pages/schedules.tsx")).SchedulesPage, nothing),
  route(
    /^\/schedules\/new\/?$/,
    async () => (await import("./pages/schedule-forms.tsx")).NewSchedulePage,
    nothing,
  ),
  route(
    /^\/schedules\/([1-9]\d{0,14})\/?$/,
    async () => (await import("./pages/schedule.tsx")).SchedulePage,
    byId,
  ),
  route(
    /^\/schedules\/([1-9]\d{0,14})\/edit\/?$/,
    async () => (await import("./pages/schedule-forms.tsx")).EditSchedulePage,
    byId,
  ),
  route(/^\/compare\/?$/, async () => (await import("./pages/compare.tsx")).ComparePage, nothing),
  route(/^\/device\/?$/, async () => (await import("./pages/device.tsx")).DevicePage, nothing),
  route(
    /^\/environments\/?$/,
    async () => (await import("./pages/environments.tsx")).EnvironmentsPage,
    nothing,
  ),
  route(
    /^\/environments\/new\/?$/,
    async () => (await import("./pages/new-environment.tsx")).NewEnvironmentPage,
    nothing,
  ),
  route(
    /^\/environments\/([1-9]\d{0,14})\/?$/,
    async () => (await import("./pages/environment.tsx")).EnvironmentPage,
    byId,
  ),
  route(
    /^\/environments\/([1-9]\d{0,14})\/audit\/?$/,
    async () => (await import("./pages/audit.tsx")).AuditPage,
    byId,
  ),
  route(
    /^\/environments\/([1-9]\d{0,14})\/webhooks\/?$/,
    async () => (await import("./pages/webhooks.tsx")).WebhooksPage,
    byId,
  ),
  route(/^\/invite\/?$/, async () => (await import("./pages/invite.tsx")).InvitePage, nothing),
  route(/^\/keys\/?$/, async () => (await import("./pages/keys.tsx")).KeysPage, nothing),
];

/** The page of the address. */
export function Pages() {
  const { path } = usePlace();
  for (const { pattern, show } of ROUTES) {
    const match = pattern.exec(path);
    if (match !== null) return show(match);
  }
  return <NotFoundPage />;
}

/** Loads the code of the page of a path, for who is about to go there. */
export function preloadPage(path: string): void {
  ROUTES.find(({ pattern }) => pattern.test(path))?.preload();
}
