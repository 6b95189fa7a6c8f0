import { env } from "cloudflare:workers";

/** The states that a capture has come to, in their order. */
export async function movesOf({ id }: { id: number }): Promise<string[]> {
  const { results } = await env.DB.prepare(
    "select to_status as status from capture_events where capture_id = ?1 order by id",
  )
    .bind(id)
    .all<{ status: string }>();
  return results.map(({ status }) => status);
}

/** Those of one that is started at once and ends well. */
export const WHOLE_LIFE = ["STARTED", "STARTING", "RUNNING", "STOPPING", "DONE"];
