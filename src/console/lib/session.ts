import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { User } from "../api/types.ts";

/** Who is signed in, as far as the console knows. */
export interface Session {
  user: User;
  /** Grows with each sign-in: what failed without a session can be read again. */
  epoch: number;
  /** Whether the session has ended: there is nothing to ask for until somebody has signed in again. */
  lost: boolean;
}

/** The session of the pages that need one. */
export const SessionContext = createContext<Session | null>(null);

/** The session; only for what is inside the pages that need one. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("There is no session here");
  return session;
}
