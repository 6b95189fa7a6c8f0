import { describe, expect, test } from "vitest";
import { declarations, page, sources } from "./repository.ts";

/** All that the code says, with texts in several pieces joined. */
const said = Object.values(sources)
  .join("\n")
  .replace(/["`]\s*\+\s*["`]/g, "")
  .replaceAll('\\"', '"');

/** The first cells of a page's tables below a heading, or below all of them. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| (.*?) \|/gm)]
    .map(([, cell]) => cell as string)
    .filter((cell) => cell.includes("`"));
}

const spansOf = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span as string);

describe("docs/troubleshooting.md", () => {
  const messages = firstCells(page("docs/troubleshooting.md")).flatMap(spansOf);

  test("explains only what the code says", () => {
    expect(messages.length).toBeGreaterThan(60);
    const unknown = messages.filter((message) =>
      message.split("…").some((piece) => !said.includes(piece.trim())),
    );
    expect(unknown).toEqual([]);
  });

  test("explains every refusal whose words are fixed", () => {
    const fixed = [...said.matchAll(/refusal\(\s*\d+,\s*"([^"]+)"/g)].map(([, message]) => message as string);
    expect(fixed.length).toBeGreaterThan(15);
    const known = (message: string) => messages.some((start) => message.startsWith(start));
    expect(fixed.filter((message) => !known(message))).toEqual([]);
  });
});

describe("docs/operate.md", () => {
  test("explains every event that is logged, and no other", () => {
    // An event's name has a dot; a request's line does not, and is explained above the tables.
    const explained = firstCells(page("docs/operate.md"))
      .flatMap(spansOf)
      .filter((span) => /^[a-z]+(?:\.[a-z]+)+$/.test(span));
    const logged = new Set(
      [...said.matchAll(/"([a-z]+(?:\.[a-z]+)+)"/g)].map(([, event]) => event as string).filter(isLogged),
    );
    expect(explained.sort()).toEqual([...logged].sort());
  });
});

/** Whether a text with dots is an event: it is given to the log, or to what logs it. */
function isLogged(event: string): boolean {
  const quoted = `"${event.replaceAll(".", "\\.")}"`;
  return new RegExp(`(?:log\\.\\w+|retryOnce|tryAgain)\\([^()]*${quoted}`).test(said);
}

describe("docs/configuration.md", () => {
  test("explains every variable and secret that the Worker reads", () => {
    const declared = [
      ...(declarations["src/env.ts"] ?? "").matchAll(/^ +([A-Z][A-Z0-9_]*)\??: string;/gm),
      ...(declarations["wrangler.toml"] ?? "").matchAll(/^([A-Z][A-Z0-9_]*) = "/gm),
    ].map(([, name]) => name as string);
    expect(declared.length).toBeGreaterThan(10);
    const explained = firstCells(page("docs/configuration.md")).flatMap(spansOf);
    expect(declared.filter((name) => !explained.includes(name))).toEqual([]);
  });
});
