import { streamOfChunks } from "../lib/bytes.ts";
import { describeError, log } from "../lib/log.ts";

/* Bodies of replies that are read while they are sent. */

/** A piece of a body. */
export interface Piece {
  /** In bytes; null where only reading it shows that. */
  bytes: number | null;
  /** Called once, when the pieces before it have been sent. */
  open(): Promise<ReadableStream<Uint8Array>>;
}

/** A body that is not read before it is opened. */
export interface Body {
  /** In bytes; null where only sending it shows that. */
  bytes: number | null;
  /** Begins to read; to be called once at most. */
  open(): ReadableStream<Uint8Array>;
}

/** Bytes as a piece. */
export const pieceOfBytes = (bytes: Uint8Array): Piece => ({
  bytes: bytes.length,
  open: async () => streamOfBytes(bytes),
});

/** What a generator yields, as a piece. */
export const pieceOfChunks = (
  chunks: () => AsyncGenerator<Uint8Array>,
  bytes: number | null = null,
): Piece => ({ bytes, open: async () => streamOfChunks(chunks()) });

/** Bytes as a stream. */
export const streamOfBytes = (bytes: Uint8Array) => new Response(bytes).body as ReadableStream<Uint8Array>;

/**
 * The pieces one after the other, each opened when the one before it has been read: for a client that reads slowly, or has stopped
 * reading, nothing is read ahead.
 * @param captureId for the log's line when it ends short of its end
 */
export function bodyOf(captureId: number, pieces: readonly Piece[]): Body {
  const isKnown = pieces.every(({ bytes }) => bytes !== null);
  const bytes = isKnown ? pieces.reduce((sum, piece) => sum + (piece.bytes ?? 0), 0) : null;
  return { bytes, open: () => sending(captureId, pieces, bytes) };
}

function sending(captureId: number, pieces: readonly Piece[], bytes: number | null) {
  const { readable, writable } =
    bytes === null ? new IdentityTransformStream() : new FixedLengthStream(bytes);
  const send = async () => {
    try {
      for (const piece of pieces) {
        await (await piece.open()).pipeTo(writable, { preventClose: true, preventAbort: true });
      }
      await writable.close();
    } catch (error) {
      // The client has gone, or R2 failed in the middle: the reply ends short of its end, which the client can see.
      log.warn("workload.download.cut", { captureId, ...describeError(error) });
      await writable.abort(error).catch(() => {});
    }
  };
  void send();
  return readable;
}
