/// <reference types="vite/types/importMeta.d.ts" />

/** All pages that people read, by path from the root, such as `docs/api.md`. */
export const pages = byPath(
  import.meta.glob<string>(
    [
      "/*.md",
      "/docs/*.md",
      "/bench/*.md",
      "/findings/*.md",
      "/test/local-aws/*.md",
      "/test/fixtures/**/*.md",
    ],
    { query: "?raw", import: "default", eager: true },
  ),
);

/** The GitHub Action, as it is written. */
export const action = Object.values(
  import.meta.glob<string>("/action.yml", { query: "?raw", import: "default", eager: true }),
)[0] as string;

/** The code that says something to people, by path. */
export const sources = byPath(
  import.meta.glob<string>(["/src/**/*.ts", "/scripts/**/*.ts"], {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);

/** Where variables and secrets are declared, by path. */
export const declarations = byPath(
  import.meta.glob<string>(["/src/env.ts", "/wrangler.toml"], {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);

const listed = import.meta.glob(
  [
    "/*",
    "/{src,test,scripts,bench,docs,aws,migrations,findings}/**/*",
    "/.ci/*",
    "/.github/**/*",
    "/.gitignore",
  ],
  { exhaustive: true },
);

/** Every file of the repository, and every folder, by path from the root. */
export const paths: ReadonlySet<string> = new Set(
  Object.keys(listed).flatMap((path) => {
    const parts = path.slice(1).split("/");
    return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
  }),
);

/** One page's text. */
export function page(path: string): string {
  const text = pages[path];
  if (text === undefined) throw new Error(`There is no page ${path}`);
  return text;
}

function byPath(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path.slice(1), text]));
}
