import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import type { User } from "../api/types.ts";
import { useOnline } from "../lib/hooks.ts";
import { describe } from "../lib/refusals.ts";
import { navigate, usePlace } from "../lib/router.ts";
import { applyTheme, chosenTheme, type Theme } from "../lib/theme.ts";
import { useToasts } from "./toasts.tsx";

const LINKS = [
  { href: "/captures", text: "Captures", within: /^\/(captures.*|compare.*)?$/ },
  { href: "/environments", text: "Environments", within: /^\/(environments|invite)/ },
  { href: "/schedules", text: "Schedules", within: /^\/schedules/ },
  { href: "/keys", text: "API keys", within: /^\/keys/ },
];

/** What is around every page: the way to the others, who is signed in, the colours, and a notice while there is no network. */
export function Shell({
  user,
  onSignedOut,
  children,
}: {
  user: User | null;
  onSignedOut: () => void;
  children: ComponentChildren;
}) {
  const { path } = usePlace();
  const toasts = useToasts();
  const online = useOnline();

  const leave = async () => {
    try {
      await account.signOut();
      onSignedOut();
      navigate("/captures");
    } catch (error) {
      toasts.show(`You are still signed in: ${describe(error)}`, { bad: true });
    }
  };

  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="bar">
        <div class="bar-inner">
          <a class="brand" href="/captures">
            <img src="/favicon.svg" alt="" width="24" height="24" />
            Captures
          </a>
          {user !== null && (
            <nav aria-label="Main">
              <ul>
                {LINKS.map(({ href, text, within }) => (
                  <li key={href}>
                    <a href={href} aria-current={within.test(path) ? "page" : undefined}>
                      {text}
                    </a>
                  </li>
                ))}
              </ul>
            </nav>
          )}
          <div class="bar-end">
            <ThemeChoice />
            {user !== null && (
              <>
                <a
                  class="who"
                  href="/account"
                  title={user.email}
                  aria-current={/^\/account/.test(path) ? "page" : undefined}
                >
                  {user.name}
                </a>
                <button type="button" class="quiet" onClick={leave}>
                  Sign out
                </button>
              </>
            )}
          </div>
        </div>
      </header>
      <div role="status" class="offline" hidden={online}>
        {!online && "You are offline: what you see may be out of date. It goes on when the network is back."}
      </div>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

const THEMES: { theme: Theme; text: string }[] = [
  { theme: "system", text: "Auto" },
  { theme: "light", text: "Light" },
  { theme: "dark", text: "Dark" },
];

function ThemeChoice() {
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <select
      class="theme"
      aria-label="Colours"
      value={theme}
      onChange={({ currentTarget }) => {
        const chosen = currentTarget.value as Theme;
        applyTheme(chosen);
        setTheme(chosen);
      }}
    >
      {THEMES.map((choice) => (
        <option key={choice.theme} value={choice.theme}>
          {choice.text}
        </option>
      ))}
    </select>
  );
}
