/// <reference types="vite/types/importMeta.d.ts" />
import { expect, test } from "vitest";

/** The rooms of src and the files at its root, from the ground up: each uses what stands before it, never what stands after. */
const GROUND =
  "lib env.ts mail sql-text db aws http audit logs identity environments webhooks leases workload metrics captures schedules account";
const ROOMS = `${GROUND} cleanup app.ts index.ts openapi client cli console`.split(" ");

const sources = import.meta.glob<string>("/src/**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});
const files = Object.keys(sources);
const roomOf = (path: string) => path.split("/")[2] as string;

/** The files of src that a file imports, also for a type only or when it is first needed. */
const importsOf = (path: string): string[] =>
  [...(sources[path] ?? "").matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+\.tsx?)"/g)].map(
    ([, specifier]) => new URL(specifier as string, `file://${path}`).pathname,
  );

test("every file of src is in a room, or is the app, its entry or its variables", () => {
  expect(files.filter((path) => !ROOMS.includes(roomOf(path)))).toEqual([]);
  expect(files.length).toBeGreaterThan(100);
});

test("imports run to rooms that stand before", () => {
  const isUp = (from: string, to: string) => ROOMS.indexOf(roomOf(to)) > ROOMS.indexOf(roomOf(from));
  const up = files.flatMap((from) =>
    importsOf(from).map((to) => (isUp(from, to) ? [`${from} -> ${to}`] : [])),
  );
  expect(up.flat()).toEqual([]);
  // They are seen.
  expect(up.length).toBeGreaterThan(300);
});

test("no imports run in a circle", () => {
  // Files that use none of those left, or that none of those left uses, are left out again and again: circles stay.
  let left = files;
  for (let before = Number.POSITIVE_INFINITY; left.length < before; ) {
    before = left.length;
    left = left.filter((path) => importsOf(path).some((to) => left.includes(to)));
    const used = new Set(left.flatMap(importsOf));
    left = left.filter((path) => used.has(path));
  }
  expect(left).toEqual([]);
});
