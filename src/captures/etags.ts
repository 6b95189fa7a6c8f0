import { sha256 } from "../lib/hash.ts";
import type { Situation } from "./capture-row.ts";

/*
 * Entity tags (RFC 9110, 8.8.3) of what shows captures. They are made of versions, which every change counts up, so that
 * comparing them needs no body.
 */

/** The versions of how captures are shown, a part of their tags: to be counted up with every change of `toCapture`. */
const FORMAT = 1;
/** The same of `toFullCapture`. No number of its own, so that the tags of the two views differ. */
const FULL_FORMAT = "f4";

/** What the tags of one capture begin with, however much of it is shown. */
export const TAG_FORMATS = [String(FORMAT), FULL_FORMAT];

/** What a capture's tag is made of. */
export interface Versioned {
  id: number;
  version: number;
}

/** The tag of one capture, a strong one: the same version is shown by the same bytes. */
export const captureTag = ({ id, version }: Versioned): string => `"${FORMAT}.${id}.${version}"`;

/**
 * What the tag of a capture in full is made of. The names of its owner and its schedule are no part of the capture, and how it gets
 * on is nothing that a change is for: both change without a new version.
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
