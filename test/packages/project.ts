import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";

/** A package that `npm pack` has made. */
export interface Packed {
  /** The archive. */
  file: string;
  /** What is in it, by path. */
  files: string[];
  /** How many bytes that is, unpacked. */
  size: number;
}

/** Packs a workspace of this repository, as it is published. */
export async function pack(workspace: string, into: string): Promise<Packed> {
  mkdirSync(into, { recursive: true });
  const output = await run("npm", ["pack", "-w", workspace, "--json", "--pack-destination", into]);
  const parsed = JSON.parse(output.slice(output.search(/^[[{]/m))) as object;
  // npm 12 answers by the package's name, those before with a list.
  const [packed] = Object.values(parsed) as {
    filename: string;
    unpackedSize: number;
    files: { path: string }[];
  }[];
  if (packed === undefined) throw new Error(`npm packed nothing: ${output}`);
  const { filename, unpackedSize, files } = packed;
  return { file: join(into, filename), files: files.map(({ path }) => path).sort(), size: unpackedSize };
}

/** Makes an empty project, and installs packages into it. */
export async function install(folder: string, packages: readonly string[], options: readonly string[] = []) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "empty", private: true, type: "module" }),
  );
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...options, ...packages], {
    cwd: folder,
  });
}

/** Takes packages of this repository over into a project. */
export function takeOver(folder: string, packages: readonly string[]): void {
  for (const name of packages) {
    cpSync(join("node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
}

/** The packages that are installed in a project. */
export const installed = (folder: string): string[] =>
  readdirSync(join(folder, "node_modules"))
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@")
        ? readdirSync(join(folder, "node_modules", name)).map((inner) => `${name}/${inner}`)
        : [name],
    );
