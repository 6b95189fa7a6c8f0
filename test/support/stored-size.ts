/** The most that a value of a Durable Object's storage may have in production, in bytes as it is serialised. */
export const PRODUCTION_LIMIT = 2_000_000;

/** The most that the local storage takes. */
const LOCAL_LIMIT = 8 * 1024 * 1024;
/** What an array of the five needs beside them. */
const AROUND = 64;

/**
 * Whether production would take a value. It is measured with the serialiser of the storage itself, since workerd does not implement
 * `v8.serialize`: four copies of a value of the limit, and a filling, are just what the local storage takes.
 */
export function fitsProduction(kv: SyncKvStorage, value: unknown): boolean {
  const copies = Array.from({ length: 4 }, () => structuredClone(value));
  const filling = new Uint8Array(LOCAL_LIMIT - 4 * PRODUCTION_LIMIT - AROUND);
  try {
    kv.put("test/size", [...copies, filling]);
    return true;
  } catch (error) {
    if (String(error).includes("too big")) return false;
    throw error;
  } finally {
    kv.delete("test/size");
  }
}
