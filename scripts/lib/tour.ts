import { readdirSync, readFileSync } from "node:fs";

/** The page that has the tour. */
export const TOUR_PAGE = "docs/getting-started.md";

/** A command of the tour, and the JSON that it prints there. */
export interface TourStep {
  command: string;
  reply: string;
}

/** The tour of TOUR_PAGE: its `sh` blocks, each with the `json` block that follows it. */
export function readTour(): TourStep[] {
  const tour = /\n## A tour of the API\n(.*?)\n## /s.exec(readFileSync(TOUR_PAGE, "utf8"))?.[1] ?? "";
  if (tour === "") throw new Error(`${TOUR_PAGE} has no tour`);
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

/** A block of commands of some page. */
export interface PageCommand {
  page: string;
  command: string;
}

const PAGES = ["README.md", "test/local-aws/README.md", ...readdirSync("docs").map((name) => `docs/${name}`)];

/** The `sh` blocks of all pages that ask the service or the local AWS of this machine, but those of the tour. */
export function readPageCommands(): PageCommand[] {
  const ofTour = new Set(readTour().map(({ command }) => command));
  return PAGES.filter((page) => page.endsWith(".md")).flatMap((page) =>
    [...readFileSync(page, "utf8").matchAll(/^```sh\n(.*?)\n```/gms)]
      .map(([, command]) => ({ page, command: command as string }))
      .filter(({ command }) => /http:\/\/localhost:\d/.test(command) && !ofTour.has(command)),
  );
}
