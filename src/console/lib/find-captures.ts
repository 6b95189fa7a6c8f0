import { api } from "../api/client.ts";
import type { Capture } from "../api/types.ts";

/** How many captures are offered at once. */
export const OFFERED = 20;

/**
 * The newest captures of all environments whose names have a text, in any letter case, or that have it as their id.
 * @returns as many as are offered, and whether there are more
 */
export async function findCaptures(
  text: string,
  signal: AbortSignal,
): Promise<{ captures: Capture[]; hasMore: boolean }> {
  const search = text.trim();
  const [byId, page] = await Promise.all([
    /^[1-9]\d{0,14}$/.test(search) ? findById(Number(search), signal) : [],
    api.captures.page({ limit: OFFERED, ...(search !== "" && { search }) }, { signal }),
  ]);
  const others = page.captures.filter(({ id }) => id !== byId[0]?.id);
  return { captures: [...byId, ...others], hasMore: page.next !== null };
}

async function findById(id: number, signal: AbortSignal): Promise<Capture[]> {
  try {
    return [await api.captures.get(id, { signal })];
  } catch {
    signal.throwIfAborted();
    return [];
  }
}
