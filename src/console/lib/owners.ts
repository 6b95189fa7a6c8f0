import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { CaptureEvent } from "../api/types.ts";
import { atMost } from "./queue.ts";

/*
 * The owner of a capture. The API's captures do not have it; the first event of a capture's history does, and never changes. So it
 * is read once, only for the captures on the screen, and a few at a time.
 */

/** The person who made a capture. */
export interface Owner {
  id: string;
  name: string | null;
}

const inTurn = atMost(4);
const known = new Map<number, Promise<Owner | null>>();

/** The owner, as a capture's history has it. */
export function ownerOf(events: CaptureEvent[]): Owner | null {
  const actor = events[0]?.actor;
  return actor?.type === "user" ? { id: actor.id, name: actor.name } : null;
}

/** Forgets all owners: the next person to sign in may see other captures. */
export function forgetOwners(): void {
  known.clear();
}

/** The owner of a capture, once `wanted`: undefined until it is known, null if it can't be known. */
export function useOwner(id: number, wanted: boolean): Owner | null | undefined {
  const [owner, setOwner] = useState<Owner | null>();
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    let answer = known.get(id);
    if (answer === undefined) {
      answer = inTurn(async () => ownerOf(await api.captures.events(id)));
      known.set(id, answer);
      answer.catch(() => known.delete(id));
    }
    answer.then(
      (found) => !gone && setOwner(found),
      // The list is of use without it, and the capture's own page shows the error.
      () => !gone && setOwner(null),
    );
    return () => {
      gone = true;
    };
  }, [id, wanted]);
  return owner;
}
