import { readFileSync } from "node:fs";

/** A command of the README's tour and the JSON that it prints there. */
export interface TourStep {
  command: string;
  reply: string;
}

/** The README's tour: its `sh` blocks, each with the `json` block that follows it. */
export function readTour(): TourStep[] {
  const readme = readFileSync("README.md", "utf8");
  const tour = /\n## A tour\n(.*?)\n## /s.exec(`${readme}\n## `)?.[1] ?? "";
  const blocks = [...tour.matchAll(/```(sh|json)\n(.*?)\n```/gs)].map(([, kind, text]) => ({
    kind,
    text: text ?? "",
  }));
  return blocks.flatMap(({ kind, text }, i) => {
    if (kind !== "sh") return [];
    const next = blocks[i + 1];
    return [{ command: text, reply: next?.kind === "json" ? next.text : "null" }];
  });
}
