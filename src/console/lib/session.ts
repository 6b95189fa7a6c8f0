import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Role, User } from "../api/types.ts";

/** Who is signed in, as far as the console knows. */
export interface Session {
  user: User;
  /** Grows with each sign-in: what failed without a session can be read again. */
  epoch: number;
  /** Whether the session has ended: there is nothing to ask for until somebody has signed in again. */
  lost: boolean;
  /** Is called with the new name of the reader. */
  onRenamed: (name: string) => void;
  /** Is called once the account is deleted. */
  onDeleted: () => void;
}

/** The session of the pages that need one. */
export const SessionContext = createContext<Session | null>(null);

/** The session; only for what is inside the pages that need one. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("There is no session here");
  return session;
}

/**
 * Whether the reader may change something of an environment: its owner, who is not a viewer, and the environment's admins may.
 * @param role the reader's role there; undefined while it is not known
 */
export function useMayChange(owner: { id: string }, role: Role | undefined): boolean {
  const { user } = useSession();
  return role === "admin" || (owner.id === user.id && role !== "viewer");
}

/** What a page is given that can be seen without being signed in. */
export interface OpenPageProps {
  /** Who is signed in; null for nobody. */
  user: User | null;
  /** Is called with who has signed in, and with their account after a change of it. */
  onSignedIn: (user: User) => void;
}
