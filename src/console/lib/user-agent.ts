/* What a session's browser or program is, as far as it says so itself. Anybody can send any text: it is a help, and no proof. */

/** Programs by what they call themselves, those first that others pretend to be. */
const PROGRAMS: [RegExp, string][] = [
  [/\bEdg(?:A|iOS)?\//, "Edge"],
  [/\bOPR\/|\bOPiOS\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:HeadlessChrome|Chrome|CriOS)\//, "Chrome"],
  [/\bVersion\/[\d.]+ (?:Mobile\/\w+ )?Safari\//, "Safari"],
];

/** Systems in the same way. An iPad says that it is a Mac. */
const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

/** The most characters of a name that is not known here. */
const MAX_NAME = 40;

const nameIn = (known: [RegExp, string][], text: string) =>
  known.find(([pattern]) => pattern.test(text))?.[1];

/** A session's device in words, such as `Firefox on Windows`, or `curl`. */
export function deviceOf(userAgent: string | null): string {
  const text = userAgent?.trim() ?? "";
  if (text === "") return "Unknown device";
  const program = nameIn(PROGRAMS, text);
  const system = nameIn(SYSTEMS, text);
  if (program !== undefined) return system === undefined ? program : `${program} on ${system}`;
  // Programs that are no browsers begin with their name: `curl/8.14.1`.
  const [, name] = /^([\p{L}\p{N}][\p{L}\p{N} ._-]*)(?:\/|$)/u.exec(text) ?? [];
  if (name === undefined || name === "Mozilla")
    return system === undefined ? "Unknown device" : `Unknown program on ${system}`;
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}
