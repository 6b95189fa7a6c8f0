import { sha256 } from "../lib/hash.ts";
import type { Situation } from "./capture-row.ts";
import type { Precondition } from "./changes.ts";

/*
 * Entity tags (RFC 9110, 8.8.3) of what shows captures. They are made of versions, which every change counts up, so that
 * comparing them needs no body.
 */

/** The versions of how captures are shown, a part of their tags: to be counted up with every change of `toCapture`. */
const FORMAT = 1;
/** The same of `toFullCapture`. No number of its own, so that the tags of the two views differ. */
const FULL_FORMAT = "f3";

/** What a capture's tag is made of. */
export interface Versioned {
  id: number;
  version: number;
}

/** The tag of one capture, a strong one: the same version is shown by the same bytes. */
export const captureTag = ({ id, version }: Versioned): string => `"${FORMAT}.${id}.${version}"`;

/**
 * What the tag of a capture in full is made of. The names of its owner and its schedule are no part of the capture, and how it gets on is nothing that
 * a change is for: both change without a new version.
 */
export interface FullVersioned extends Versioned, Situation {
  ownerName: string | null;
  scheduleName: string | null;
  baseId: number | null;
}

/** What is shown of a capture in full and changes without a new version. */
const unversioned = ({
  ownerName,
  scheduleName,
  baseId,
  obstacle,
  clusterRoleAtStart,
  clusterRole,
}: FullVersioned) => [ownerName, scheduleName, baseId, obstacle, clusterRoleAtStart, clusterRole];

/** The tag of one capture in full, a strong one. */
export async function fullCaptureTag(capture: FullVersioned): Promise<string> {
  const { id, version } = capture;
  const rest = await sha256(JSON.stringify(unversioned(capture)));
  return `"${FULL_FORMAT}.${id}.${version}.${rest.slice(0, 8)}"`;
}

/** The tag of a page of captures. A weak one: the same page may be sent compressed. */
export async function pageTag(captures: Versioned[], hasNext: boolean): Promise<string> {
  return `W/"${await sha256([FORMAT, hasNext, ...captures.map(({ id, version }) => `${id}.${version}`)].join())}"`;
}

/** The tag of a page of captures in full. */
export async function fullPageTag(captures: FullVersioned[], hasNext: boolean): Promise<string> {
  const shown = captures.map((capture) => [capture.id, capture.version, ...unversioned(capture)]);
  return `W/"${await sha256(JSON.stringify([FULL_FORMAT, hasNext, shown]))}"`;
}

/** The tag of one capture, shown in full or not: its format, id and version. */
const TAG_OF_ONE = /^"(\w+)\.([1-9]\d*)\.([1-9]\d*)(?:\.[\w-]{8})?"$/;

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
 * @param formats those that tags of it begin with: a capture's, or another thing's with versions
 */
export function preconditionOf(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
  id: number,
  formats: readonly string[] = [String(FORMAT), FULL_FORMAT],
): Precondition {
  return {
    accepted: ifMatch === undefined ? null : versionsIn(ifMatch, id, formats, false),
    excluded: ifNoneMatch === undefined ? [] : versionsIn(ifNoneMatch, id, formats, true),
  };
}

/** The versions of a capture that a list of tags names; null for all. */
function versionsIn(
  tags: string,
  id: number,
  formats: readonly string[],
  withWeak: boolean,
): number[] | null {
  if (tags.trim() === "*") return null;
  const versions = [...tags.matchAll(TAGS)].map(([, weak, tag = ""]) => {
    const [, format, of, version] = TAG_OF_ONE.exec(tag) ?? [];
    const isOfThis = format !== undefined && formats.includes(format) && of === String(id);
    return (withWeak || weak === undefined) && isOfThis ? Number(version) : null;
  });
  return versions.filter((version) => version !== null);
}
