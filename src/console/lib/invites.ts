import { CapturesError } from "../../client/error.ts";
import { api } from "../api/client.ts";

/** Whether an invite is for the reader's address, which they have to confirm first: what a session is refused of invites with 403. */
export const isUnproven = (error: unknown): boolean => error instanceof CapturesError && error.status === 403;

/** Where a sign-up with an invite leads to: to what they have joined, or to the invite if they can join only later. */
export async function afterInvited(code: string): Promise<string> {
  const isLeft = await api.invites.look(code).then(() => true, isUnproven);
  return isLeft ? `/invite#code=${encodeURIComponent(code)}` : "/environments";
}
