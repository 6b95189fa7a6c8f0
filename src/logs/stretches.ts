/**
 * Records are parsed from so many bytes at a time, and are garbage before the next: those of a whole portion would outlive V8's
 * collections of what is young, and have it take more memory for them.
 */
const STRETCH_BYTES = 64 * 1024;
const LF = 10;

/** A portion in stretches of whole lines; a line that is longer is a stretch by itself, and so is what follows the last newline. */
export function* stretchesOf(data: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < data.length; ) {
    let to = data.length;
    if (to - from > STRETCH_BYTES) {
      to = data.lastIndexOf(LF, from + STRETCH_BYTES - 1) + 1;
      if (to <= from) to = data.indexOf(LF, from + STRETCH_BYTES) + 1 || data.length;
    }
    yield data.subarray(from, to);
    from = to;
  }
}
