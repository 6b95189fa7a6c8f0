/// <reference types="vite/types/importMeta.d.ts" />
import { expect, test } from "vitest";

const sources = import.meta.glob<string>("/src/**/*.ts", { query: "?raw", import: "default", eager: true });

/** What a module evaluates when it is evaluated: the specifiers of its static imports of values. */
function imports(path: string): string[] {
  const source = sources[path];
  if (source === undefined) throw new Error(`There is no ${path}`);
  const statements = source.matchAll(/^(?:import|export)\s(?!type\b)(?:[^;]*?\sfrom\s)?"([^"]+)"/gm);
  return [...statements].map(([, specifier = ""]) => specifier);
}

/** Every module of ours that a module brings in, and every package. */
function closure(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const specifier of imports(path)) {
    if (specifier.startsWith(".")) closure(new URL(specifier, `file://${path}`).pathname, seen);
    else seen.add(specifier);
  }
  return seen;
}

test("what speaks OpenID Connect is evaluated only by requests that sign somebody on", () => {
  const always = [...closure("/src/index.ts")];
  // The walk sees what it should.
  expect(always).toEqual(
    expect.arrayContaining(["/src/captures/routes.ts", "/src/identity/routes.ts", "hono"]),
  );
  expect(always.filter((module) => /oauth4webapi|drizzle/.test(module))).toEqual([]);
  expect([...closure("/src/identity/sign-on/provider.ts")]).toContain("oauth4webapi");
});

test("no schema is made before it is needed", () => {
  const eager = /^(?:export )?const \w+(?:: [^=]+)? = (?:z\b|\w*[sS]chema\(|once\(|word\()/m;
  const ours = [...closure("/src/index.ts")].filter((module) => module.startsWith("/src/"));
  // The pattern finds what it should.
  expect("export const idSchema = z\n  .string()").toMatch(eager);
  expect(ours.filter((path) => eager.test(sources[path] as string))).toEqual([]);
});
