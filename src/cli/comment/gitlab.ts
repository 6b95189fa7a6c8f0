import type { Comment, Forge } from "./forge.ts";
import { allPages, type Caller, callForge } from "./forge-call.ts";

/** A merge request, and how it is reached. */
export interface MergeRequest {
  /** CI_API_V4_URL: `https://gitlab.com/api/v4`, or that of an own GitLab. */
  apiUrl: string;
  /** CI_PROJECT_ID. */
  project: string;
  /** CI_MERGE_REQUEST_IID. */
  number: number;
  /** A token with the scope `api`: that of a job may not write notes. */
  token: string;
  /** CI_MERGE_REQUEST_PROJECT_URL; null when it is not known. */
  webUrl: string | null;
}

interface Note {
  id: number;
  body: string;
  system: boolean;
  author: { id: number };
}

/** A merge request's notes (Notes API). */
export function gitLab(
  { apiUrl, project, number, token, webUrl }: MergeRequest,
  call: Omit<Caller, "headers" | "name" | "permission">,
): Forge {
  const caller: Caller = {
    ...call,
    name: "GitLab",
    permission: "the scope api",
    headers: { "PRIVATE-TOKEN": token },
  };
  const root = apiUrl.replace(/\/$/, "");
  const notes = `${root}/projects/${encodeURIComponent(project)}/merge_requests/${number}/notes`;
  const address = (note: unknown) =>
    webUrl === null ? `!${number}` : `${webUrl}/-/merge_requests/${number}#note_${(note as Note).id}`;
  return {
    title: `!${number}`,
    maxLength: 1_000_000,
    async *list() {
      const { body: me } = await callForge(caller, "GET", `${root}/user`);
      const { id: own } = me as { id: number };
      for await (const item of allPages(caller, `${notes}?per_page=100&sort=asc&order_by=created_at`)) {
        const { id, body, system, author } = item as unknown as Note;
        yield { id, body, isOwn: !system && author.id === own } satisfies Comment;
      }
    },
    create: async (body) => address((await callForge(caller, "POST", notes, { body })).body),
    update: async (id, body) => address((await callForge(caller, "PUT", `${notes}/${id}`, { body })).body),
  };
}
