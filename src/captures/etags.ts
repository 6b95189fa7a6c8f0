import { sha256 } from "../lib/hash.ts";
import type { Precondition } from "./changes.ts";

/*
 * Entity tags (RFC 9110, 8.8.3) of what shows captures. They are made of versions, which every change counts up, so that
 * comparing them needs no body.
 */

/** The version of how captures are shown, a part of their tags: to be counted up with every change of `toCapture`. */
const FORMAT = 1;

/** What a capture's tag is made of. */
export interface Versioned {
  id: number;
  version: number;
}

/** The tag of one capture, a strong one: the same version is shown by the same bytes. */
export const captureTag = ({ id, version }: Versioned): string => `"${FORMAT}.${id}.${version}"`;

/** The tag of a page of captures. A weak one: the same page may be sent compressed. */
export async function pageTag(captures: Versioned[], hasNext: boolean): Promise<string> {
  return `W/"${await sha256([FORMAT, hasNext, ...captures.map(({ id, version }) => `${id}.${version}`)].join())}"`;
}

/** Every tag of a header that lists some. */
const TAGS = /(W\/)?("[!#-~\x80-\xff]*")/g;

/** Whether this `If-None-Match` has the tag. Weak or strong makes no difference here. */
export function isKnown(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === "*") return true;
  const opaque = tag.replace(/^W\//, "");
  return [...ifNoneMatch.matchAll(TAGS)].some(([, , other]) => other === opaque);
}

/**
 * Which versions of a capture a change is for. `If-Match` accepts no weak tag, and nothing that is no tag of this capture;
 * `If-None-Match` takes a weak one for the same (RFC 9110, 13.1).
 */
export function preconditionOf(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
  id: number,
): Precondition {
  return {
    accepted: ifMatch === undefined ? null : versionsIn(ifMatch, id, false),
    excluded: ifNoneMatch === undefined ? [] : versionsIn(ifNoneMatch, id, true),
  };
}

/** The versions of a capture that a list of tags names; null for all. */
function versionsIn(tags: string, id: number, withWeak: boolean): number[] | null {
  if (tags.trim() === "*") return null;
  const versions = [...tags.matchAll(TAGS)].map(([, weak, tag]) => {
    const version = Number(tag?.split(".")[2]?.slice(0, -1));
    return (withWeak || weak === undefined) && tag === captureTag({ id, version }) ? version : null;
  });
  return versions.filter((version) => version !== null);
}
