import { expect, test } from "vitest";
import { placeComment } from "../../../src/cli/comment/forge.ts";
import { gitLab } from "../../../src/cli/comment/gitlab.ts";

const API = "https://gitlab.example/api/v4";
const NOTES = "/api/v4/projects/acme%2Fshop/merge_requests/7/notes";
const marker = "<!-- captures: workload -->";

function withNotes(notes: object[], webUrl: string | null = "https://gitlab.example/acme/shop") {
  const asked: string[] = [];
  const sent: unknown[] = [];
  const fetch = async (request: Request) => {
    const { pathname } = new URL(request.url);
    asked.push(`${request.method} ${pathname}`);
    expect(request.headers.get("private-token")).toBe("secret");
    if (pathname === "/api/v4/user") return Response.json({ id: 3 });
    if (request.method === "GET") return Response.json(notes);
    sent.push(await request.json());
    return Response.json({ id: 42 });
  };
  const call = { fetch, signal: new AbortController().signal, pauses: [] };
  const merge = { apiUrl: API, project: "acme/shop", number: 7, token: "secret", webUrl };
  return { forge: gitLab(merge, call), asked, sent };
}

test("a note is made, and its address is that of the merge request", async () => {
  const { forge, asked, sent } = withNotes([]);
  expect(await placeComment(forge, "workload", "text")).toEqual({
    outcome: "made",
    url: "https://gitlab.example/acme/shop/-/merge_requests/7#note_42",
  });
  expect(asked.at(-1)).toBe(`POST ${NOTES}`);
  expect(sent).toEqual([{ body: `${marker}\ntext` }]);
});

test("only a note of the token's own user is replaced, and none of the system", async () => {
  const note = (id: number, author: number, system = false) => ({
    id,
    system,
    author: { id: author },
    body: `${marker}\nold`,
  });
  const own = withNotes([note(1, 9), note(2, 3, true), note(3, 3)]);
  expect((await placeComment(own.forge, "workload", "new")).outcome).toBe("replaced");
  expect(own.asked.at(-1)).toBe(`PUT ${NOTES}/3`);
  const other = withNotes([note(1, 9), note(2, 3, true)], null);
  expect(await placeComment(other.forge, "workload", "new")).toEqual({ outcome: "made", url: "!7" });
});
