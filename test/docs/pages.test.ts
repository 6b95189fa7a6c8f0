import { describe, expect, test } from "vitest";
import packageJson from "../../package.json";
import { page, pages, paths } from "./repository.ts";

/** A page without its code blocks, in which nothing is a link. */
const prose = (text: string) => text.replace(/^ *```.*?^ *```$/gms, "");

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of prose(text).matchAll(/^#{1,6} (.*)$/gm)) {
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
    const anchor = shown
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    let unique = anchor;
    for (let i = 1; anchors.has(unique); i++) unique = `${anchor}-${i}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Where a relative link of a page leads: a path from the root. */
function resolve(from: string, link: string): string {
  return new URL(link, `http://repository/${from}`).pathname.slice(1);
}

describe.each(Object.keys(pages))("%s", (path) => {
  const text = page(path);

  test("has links only to what is there", () => {
    const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string);
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const target = link.startsWith("#") ? path : resolve(path, link);
      const anchor = link.split("#")[1];
      if (!paths.has(target)) return true;
      return anchor !== undefined && !anchorsOf(page(target)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  test("names only scripts that package.json has", () => {
    const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, script]) => script as string);
    expect(named.filter((script) => !(script in packageJson.scripts))).toEqual([]);
  });

  test("names only files that there are", () => {
    const spans = [...prose(text).matchAll(/`([^`\n]+)`/g)].map(([, span]) => span as string);
    expect(spans.filter((span) => isFile(span) && !isThere(path, span))).toEqual([]);
  });
});

const ROOMS = ["src", "test", "scripts", "bench", "docs", "aws", "migrations", "findings", ".ci", ".github"];
const KINDS = /^[\w.-]+\.(?:ts|tsx|css|md|sql|toml|json|jsonc|yml|yaml)$/;
/** What the pages say is made, or is somebody else's. */
const NOT_OURS = new Set(["metrics.json", "manifest.json", "digest.json"]);

/** Whether text in backticks is the name of a file or folder of this repository. */
function isFile(span: string): boolean {
  if (NOT_OURS.has(span) || /[\s{}*<>$]/.test(span)) return false;
  const [first = "", ...rest] = span.split("/");
  return rest.length > 0 ? ROOMS.includes(first) : KINDS.test(span);
}

/** A bare name may be that of a file anywhere: pages name the folder once. */
function isThere(from: string, span: string): boolean {
  const path = span.replace(/\/$/, "");
  if (paths.has(path) || paths.has(resolve(from, path))) return true;
  return !path.includes("/") && [...paths].some((known) => known.endsWith(`/${path}`));
}

describe("README.md", () => {
  test("is short enough for a newcomer", () => {
    expect(page("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(150);
  });

  test("leads to every page of docs", () => {
    const missing = Object.keys(pages).filter(
      (path) => path.startsWith("docs/") && !page("README.md").includes(`](${path})`),
    );
    expect(missing).toEqual([]);
  });
});
