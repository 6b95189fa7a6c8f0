import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check } from "../../scripts/lib/checks.ts";
import { expectThat, run } from "./command.ts";
import { takeOver } from "./project.ts";

/* The package's declarations: that they compile wherever they may be used, and that they say what the source says. */

const COMPILERS = {
  "TypeScript 5.9": "src/client/node_modules/typescript/bin/tsc",
  "TypeScript 7": "node_modules/typescript/bin/tsc",
};

/** Settings of projects that may use the package; without `skipLibCheck`, each compiles the declarations themselves. */
const SETTINGS = {
  "nodenext with Node.js's types": {
    module: "nodenext",
    moduleResolution: "nodenext",
    lib: ["es2022"],
    types: ["node"],
  },
  "nodenext with the DOM's types": {
    module: "nodenext",
    moduleResolution: "nodenext",
    lib: ["es2022", "dom"],
    types: [],
  },
  "bundler with the DOM's types": {
    module: "esnext",
    moduleResolution: "bundler",
    lib: ["es2022", "dom"],
    types: [],
  },
  "bundler and all that is stricter than strict": {
    module: "esnext",
    moduleResolution: "bundler",
    lib: ["esnext", "dom"],
    types: [],
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
  },
};

/** The names of the types and values that a file of declarations exports. */
function exportsOf(file: string): { name: string; isGeneric: boolean; isValue: boolean }[] {
  const pattern = /^export (?:declare )?(interface|type|class|function|const) (\w+)(<)?/gm;
  return [...readFileSync(file, "utf8").matchAll(pattern)].map(([, kind, name, generic]) => ({
    name: name as string,
    isGeneric: generic === "<",
    isValue: kind !== "interface" && kind !== "type",
  }));
}

/** Compiles files of a project. */
async function compile(folder: string, compiler: string, options: object, files: string[]): Promise<void> {
  const config = join(folder, "tsconfig.json");
  const compilerOptions = { target: "es2022", strict: true, skipLibCheck: false, noEmit: true, ...options };
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  await run(process.execPath, [resolve(compiler), "-p", config]);
}

/** Checks the declarations of the package that is installed in a project. */
export async function checkTypes(project: string): Promise<void> {
  takeOver(project, ["@types/node", "undici-types"]);
  copyFileSync("test/packages/program.ts", join(project, "program.ts"));
  for (const [version, compiler] of Object.entries(COMPILERS)) {
    for (const [name, options] of Object.entries(SETTINGS)) {
      await check(`a program that uses the package compiles by ${version}: ${name}`, () =>
        compile(project, compiler, options, ["program.ts"]),
      );
    }
  }
  await check("a program with a mistake does not compile", async () => {
    const text = readFileSync(join(project, "program.ts"), "utf8");
    writeFileSync(join(project, "wrong.ts"), text.replace("duration: 3600", "duraton: 3600"));
    const options = SETTINGS["bundler with the DOM's types"];
    const failure = await compile(project, COMPILERS["TypeScript 7"], options, ["wrong.ts"]).then(
      () => "nothing",
      (error: Error) => error.message,
    );
    expectThat(/'duraton' does not exist in type 'NewCapture'/.test(failure), `It said: ${failure}`);
  });
  await checkSame(project, "index", DRIFTS);
  await checkSame(project, "account", {});
}

/** Changes of declarations, each of which has to be noticed. */
const DRIFTS: Readonly<Record<string, (declarations: string) => string>> = {
  "lack a field": (text) => text.replace(/^ {4}name: string.*$/m, ""),
  "lack an optional field": (text) => text.replace(/^ {4}\w+\?: .*$/m, ""),
  "have a field more": (text) => text.replace(/^ {4}name: string.*$/m, "$& nickname?: string;"),
  "have another type for a field": (text) => text.replace(/^ {4}name: string/m, "$& | number"),
  "lack null": (text) => text.replace(/ \| null;/, ";"),
  "lack a field of a class": (text) => text.replace(/^ {4}readonly requestId: .*$/m, ""),
  "lack a call": (text) => text.replace(/^ {8}get: \(.*$/m, ""),
};

/** Checks that the declarations of a module say what its source says: of each type, in both directions. */
async function checkSame(project: string, module: string, drifts: typeof DRIFTS): Promise<void> {
  const built = join(project, "node_modules/@captures/client/dist", `${module}.d.ts`);
  const declarations = readFileSync(built, "utf8");
  const write = (name: string, text: string): string => {
    writeFileSync(join(project, `${name}.d.ts`), text);
    const source = resolve(`src/client/${module}.ts`);
    writeFileSync(join(project, `same-${name}.ts`), comparison(source, `./${name}.d.ts`, exportsOf(built)));
    return `same-${name}.ts`;
  };
  const options = {
    module: "esnext",
    moduleResolution: "bundler",
    lib: ["esnext", "dom"],
    types: [],
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    // Of the source's own dependencies.
    skipLibCheck: true,
  };
  const compileSame = (files: string[]) => compile(project, COMPILERS["TypeScript 7"], options, files);
  await check(`the declarations of ${module} say the same as its source`, async () => {
    expectThat(exportsOf(built).length > 10, "They export hardly anything");
    await compileSame([write(module, declarations)]);
  });
  const changed = Object.entries(drifts).map(([what, drift], index) => {
    const text = drift(declarations);
    return { what, isChanged: text !== declarations, file: write(`drift${index}`, text) };
  });
  const failure = await compileSame([`same-${module}.ts`, ...changed.map(({ file }) => file)]).then(
    () => "",
    (error: Error) => error.message,
  );
  for (const { what, isChanged, file } of changed) {
    await check(`declarations of ${module} that ${what} would be noticed`, () => {
      expectThat(isChanged, "Nothing was changed");
      expectThat(failure.includes(file) && !failure.includes(`same-${module}.ts`), `It said: ${failure}`);
    });
  }
}

/** A module that compiles only if what the declarations export is what the source exports. */
function comparison(source: string, declared: string, exported: ReturnType<typeof exportsOf>): string {
  const of = (where: string, { name, isGeneric, isValue }: (typeof exported)[number]) =>
    isValue ? `typeof ${where}.${name}` : `${where}.${name}${isGeneric ? "<{ a: 1 }>" : ""}`;
  const names = exported.map(({ name, isValue }) => (isValue ? JSON.stringify(name) : "never"));
  return `
import type * as source from ${JSON.stringify(source)};
import type * as built from ${JSON.stringify(declared)};
// Written out to the same form, so that two are the same type if they have the same fields.
type Plain<T> = T extends (...args: infer Args) => infer Result
  ? (...args: { [K in keyof Args]: Plain<Args[K]> }) => Plain<Result>
  : T extends Date | AbortSignal | Request | Response | Error ? T
  : T extends Promise<infer Value> ? Promise<Plain<Value>>
  : T extends AsyncGenerator<infer Value> ? AsyncGenerator<Plain<Value>>
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
  ? [A] extends [B] ? ([B] extends [A] ? true : false) : false
  : false;
${exported.map((one) => `true satisfies Same<Plain<${of("source", one)}>, Plain<${of("built", one)}>>;`).join("\n")}
true satisfies Same<keyof typeof source, ${names.join(" | ")}>;
`;
}
