import { accessSync, constants } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const EXECUTABLES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
// The browser contacts no other host.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where the browser is: CHROMIUM's, or Debian's; undefined when there is none. */
export const findChromium = (): string | undefined =>
  [process.env.CHROMIUM, ...EXECUTABLES].find((path) => path && isThere(path));

/** Starts the browser. @throws Error when there is none */
export function launch(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error("There is no Chromium: install Debian's package, or name another with CHROMIUM");
  }
  return chromium.launch({ executablePath, args: FLAGS });
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
