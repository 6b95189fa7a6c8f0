import type { ComponentChildren } from "preact";
import { lazyPage } from "./components/lazy-page.tsx";
import { usePlace } from "./lib/router.ts";
import type { OpenPageProps } from "./lib/session.ts";

const PAGES: [RegExp, ReturnType<typeof lazyPage<OpenPageProps>>][] = [
  [/^\/forgot\/?$/, lazyPage(async () => (await import("./pages/forgot.tsx")).ForgotPage)],
  [/^\/reset\/?$/, lazyPage(async () => (await import("./pages/reset.tsx")).ResetPage)],
  [/^\/verify\/?$/, lazyPage(async () => (await import("./pages/verify.tsx")).VerifyPage)],
];

/** The page of the address, if it can be seen without being signed in; else the children. */
export function OpenPages({ children, ...props }: OpenPageProps & { children: ComponentChildren }) {
  const { path, hash } = usePlace();
  for (const [pattern, { Page }] of PAGES) {
    // Of another link the same page begins anew.
    if (pattern.test(path)) return <Page key={path + hash} {...props} />;
  }
  return <>{children}</>;
}
