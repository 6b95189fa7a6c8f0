import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * All test files: those that have storage, since they, or what they import of `test`, import a module of workerd's (`cloudflare:…`),
 * and those that can have none.
 */
export function testFiles(): { withStorage: string[]; withoutStorage: string[] } {
  const known = new Map<string, boolean>();
  const all = globSync("test/**/*.test.ts");
  return {
    withStorage: all.filter((file) => hasStorage(file, known)),
    withoutStorage: all.filter((file) => !hasStorage(file, known)),
  };
}

function hasStorage(file: string, known: Map<string, boolean>): boolean {
  const before = known.get(file);
  if (before !== undefined) return before;
  // Files that import each other in a circle have storage if one of them has it by itself.
  known.set(file, false);
  const specifiers = [...readFileSync(file, "utf8").matchAll(IMPORT)].map(([, specifier = ""]) => specifier);
  const has = specifiers.some((specifier) => {
    if (specifier.startsWith("cloudflare:")) return true;
    const imported = join(file, "..", specifier);
    return specifier.startsWith(".") && isOfTests(imported) && hasStorage(imported, known);
  });
  known.set(file, has);
  return has;
}

const IMPORT = /\b(?:from|import) "([^"]+)"/g;

const isOfTests = (file: string) => file.startsWith("test/") && file.endsWith(".ts") && existsSync(file);
