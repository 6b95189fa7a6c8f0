import { storedFormat, Unreadable } from "../../lib/stored.ts";
import { type DigestsState, digestsFormat } from "../digest.ts";
import { type FollowerState, followerSchema } from "./follower-state.ts";

/*
 * How a collector's state is kept in its Durable Object between two steps: JSON in UTF-8, in pieces. A value of a Durable Object's
 * storage may have 2 MB, and the digests and threads can be larger, in an alphabet of two or three bytes a letter. The keys say
 * "recording", as it was called when the first of them were stored.
 */

/** What a collector continues from. */
export interface CollectorState {
  follower: FollowerState;
  digests: DigestsState;
}

/** How many bytes a piece has. */
const PIECE_BYTES = 1_000_000;

const FOLLOWER = "recording/follower/";
const DIGESTS = "recording/digests/";

const followerFormat = storedFormat("follower's state", 1, followerSchema);

/**
 * Reads the state; null when there is none.
 * @throws Unreadable
 */
export function loadCollectorState(kv: SyncKvStorage): CollectorState | null {
  const follower = getText(kv, FOLLOWER);
  if (follower === null) return loadUnversioned(kv);
  const digests = getText(kv, DIGESTS);
  if (digests === null) throw new Unreadable("The collector's state has no digests");
  return { follower: followerFormat.parse(follower), digests: digestsFormat.parse(digests) };
}

/** Writes the state; atomic with whatever else is written without awaiting. */
export function keepCollectorState(kv: SyncKvStorage, { follower, digests }: CollectorState): void {
  const { parser } = follower;
  const line = parser.line.toBase64();
  putText(kv, FOLLOWER, JSON.stringify({ ...followerFormat.write(follower), parser: { ...parser, line } }));
  putText(kv, DIGESTS, digestsFormat.stringify(digests));
  forgetUnversioned(kv);
}

function getText(kv: SyncKvStorage, prefix: string): string | null {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text: string | null = null;
  for (const [key, piece] of kv.list({ prefix })) {
    if (!(piece instanceof Uint8Array)) throw new Unreadable(`${key} holds no bytes`);
    text = (text ?? "") + decoder.decode(piece, { stream: true });
  }
  return text;
}

function putText(kv: SyncKvStorage, prefix: string, text: string): void {
  const key = (piece: number) => prefix + String(piece).padStart(4, "0");
  const bytes = new TextEncoder().encode(text);
  let pieces = 0;
  // A copy of each: a view would be stored with all of the buffer that it is a view of.
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    kv.put(key(pieces++), bytes.slice(at, at + PIECE_BYTES));
  }
  // The pieces of a longer text before.
  while (kv.delete(key(pieces))) pieces++;
}

/** What was kept before the state had a version: the follower's state in three values, the digests in pieces of JSON. */
function loadUnversioned(kv: SyncKvStorage): CollectorState | null {
  const [rest, parser, threads] = UNVERSIONED.map((key) => kv.get(key));
  if (rest === undefined) return null;
  const json = [...kv.list({ prefix: UNVERSIONED_DIGESTS })].map(([, piece]) => piece).join("");
  return {
    follower: followerFormat.read({ ...(rest as object), parser, threads }),
    digests: digestsFormat.parse(json),
  };
}

const UNVERSIONED = ["follower", "follower/parser", "follower/threads"] as const;
const UNVERSIONED_DIGESTS = "digests/";

function forgetUnversioned(kv: SyncKvStorage): void {
  if (!kv.delete(UNVERSIONED[0])) return;
  for (const key of UNVERSIONED) kv.delete(key);
  for (const [key] of [...kv.list({ prefix: UNVERSIONED_DIGESTS })]) kv.delete(key);
}
