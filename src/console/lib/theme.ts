import { useEffect, useState } from "preact/hooks";

/** How the console looks: as the system says, or as the reader chose. */
export type Theme = "system" | "light" | "dark";

const KEY = "captures.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** The reader's choice. */
export function chosenTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

/** Applies a choice, and remembers it. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(KEY, theme);
    document.documentElement.dataset.theme = theme;
  }
  dispatchEvent(new Event("themechange"));
}

const current = (): "light" | "dark" => {
  const chosen = chosenTheme();
  return chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
};

/** The colours in use, for the charts, which CSS does not paint. */
export function useColours(): "light" | "dark" {
  const [colours, setColours] = useState(current);
  useEffect(() => {
    const update = () => setColours(current());
    addEventListener("themechange", update);
    dark.addEventListener("change", update);
    return () => {
      removeEventListener("themechange", update);
      dark.removeEventListener("change", update);
    };
  }, []);
  return colours;
}
