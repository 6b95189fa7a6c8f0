import { Unreadable } from "../../lib/stored.ts";
import type { LogName } from "../../logs/names.ts";
import { type DigestsState, digestsFormat } from "../digests-state.ts";
import { collectedLog } from "./collected-log.ts";
import type { FollowerState } from "./follower-state.ts";

/*
 * How a collector's state is kept in its Durable Object between two steps: JSON in UTF-8, in pieces. A value of a Durable Object's
 * storage may have 2 MB, and the digests and threads can be larger, in an alphabet of two or three bytes a letter. The keys say
 * "recording", as it was called when the first of them were stored; those of the slow log, "recording/slow".
 */

/** What the collecting of a log continues from. */
export interface CollectorState {
  follower: FollowerState;
  digests: DigestsState;
}

/** How many bytes a piece has. */
const PIECE_BYTES = 1_000_000;

const keysOf = (log: LogName) => {
  const folder = log === "general" ? "recording/" : `recording/${log}/`;
  return { follower: `${folder}follower/`, digests: `${folder}digests/` };
};

/**
 * Reads the state of the collecting of a log; null when there is none.
 * @throws Unreadable
 */
export function loadCollectorState(kv: SyncKvStorage, log: LogName): CollectorState | null {
  const keys = keysOf(log);
  const follower = getText(kv, keys.follower);
  if (follower === null) return log === "general" ? loadUnversioned(kv) : null;
  const digests = getText(kv, keys.digests);
  if (digests === null) throw new Unreadable("The collector's state has no digests");
  return { follower: collectedLog(log).format.parse(follower), digests: digestsFormat.parse(digests) };
}

/** Whether there is a state of the collecting of a log, also one that can't be read. */
export function hasCollectorState(kv: SyncKvStorage, log: LogName): boolean {
  for (const _ of kv.list({ prefix: keysOf(log).follower, limit: 1 })) return true;
  return log === "general" && kv.get(UNVERSIONED[0]) !== undefined;
}

/** Writes the state; atomic with whatever else is written without awaiting. */
export function keepCollectorState(kv: SyncKvStorage, { follower, digests }: CollectorState): void {
  const { log } = follower.manifest;
  const keys = keysOf(log);
  const parser = withoutBytes(follower.parser);
  putText(kv, keys.follower, JSON.stringify({ ...collectedLog(log).format.write(follower), parser }));
  putText(kv, keys.digests, digestsFormat.stringify(digests));
  if (log === "general") forgetUnversioned(kv);
}

/** With base64 for bytes: JSON has none. */
const withoutBytes = (parser: object): object =>
  Object.fromEntries(
    Object.entries(parser).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? value.toBase64() : value,
    ]),
  );

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
  const { format } = collectedLog("general");
  const json = [...kv.list({ prefix: UNVERSIONED_DIGESTS })].map(([, piece]) => piece).join("");
  return {
    follower: format.read({ ...(rest as object), parser, threads }),
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
