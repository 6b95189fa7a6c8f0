import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { CaptureEvent } from "../api/types.ts";

/*
 * Whose a capture is. The API's captures do not say; the first event of a capture's history does, and it never changes. So it
 * is asked for once, of the captures that are on the screen only, and a few at a time.
 */

/** The person who made a capture. */
export interface Owner {
  id: string;
  name: string | null;
}

const AT_ONCE = 4;
const known = new Map<number, Promise<Owner | null>>();
const waiting: (() => void)[] = [];
let asking = 0;

/** The owner, as a capture's history has it. */
export function ownerOf(events: CaptureEvent[]): Owner | null {
  const actor = events[0]?.actor;
  return actor?.type === "user" ? { id: actor.id, name: actor.name } : null;
}

async function ask(id: number): Promise<Owner | null> {
  if (asking >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  asking++;
  try {
    return ownerOf(await api.captures.events(id));
  } finally {
    asking--;
    waiting.shift()?.();
  }
}

/** Forgets all owners: those who sign in next may see others. */
export function forgetOwners(): void {
  known.clear();
}

/** The owner of a capture, once `wanted`: undefined until it is known, null when nobody says. */
export function useOwner(id: number, wanted: boolean): Owner | null | undefined {
  const [owner, setOwner] = useState<Owner | null>();
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    let answer = known.get(id);
    if (answer === undefined) {
      answer = ask(id);
      known.set(id, answer);
      answer.catch(() => known.delete(id));
    }
    answer.then(
      (found) => !gone && setOwner(found),
      // The list is whole without it, and whatever is wrong will show on the capture's own page.
      () => !gone && setOwner(null),
    );
    return () => {
      gone = true;
    };
  }, [id, wanted]);
  return owner;
}
