/*
 * How long digests may be.
 */

/**
 * Bytes per digest: the longest digest text that is shown and stored, in bytes of UTF-8. A longer one is shown without its middle,
 * since statements of ORMs often differ only in what stands behind their long lists of columns. (MySQL's own digests end after
 * 1024 bytes, `max_digest_length`, and count such statements as one.)
 */
export const MAX_DIGEST_BYTES = 4096;

/** How much of a normalised statement counts for its fingerprint, in bytes of UTF-8. What follows does not. */
export const MAX_NORMALISED_BYTES = 64 * 1024;
