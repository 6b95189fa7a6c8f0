import { SECRET } from "../lexer/lexer.ts";
import type { Replacement } from "./replacements.ts";
import type { TextKind } from "./statement-state.ts";

/** The secrets of a text. */
export interface FoundSecrets {
  /** In order. */
  replacements: Replacement[];
  /** The text ended amid a secret, or right before one: what follows it, in another string, is a part of a secret. */
  isOpen: boolean;
  /** It has a place for a secret, also if that is a `?`. */
  hasPlace: boolean;
}

/** Finds the secrets of a text that a literal or a comment holds; null when that stands in too many others to be looked at. */
export type FindNested = (text: string, kind: TextKind) => FoundSecrets | null;

/** What is found in a text of which everything from a place on is removed, in bytes. */
export function allFrom(start: number): FoundSecrets {
  return {
    replacements: [{ start, end: Number.MAX_SAFE_INTEGER, by: SECRET }],
    isOpen: true,
    hasPlace: true,
  };
}
