/**
 * A key of AES-256-GCM that is made of another one, for one thing: HKDF-SHA-256 (RFC 5869).
 * @param key for HKDF
 * @param salt fresh for each thing that is sealed
 * @param info what the key is for: what is sealed as one thing opens as nothing else
 */
export const derivedKey = (key: CryptoKey, salt: Uint8Array<ArrayBuffer>, info: string): Promise<CryptoKey> =>
  crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt, info: new TextEncoder().encode(info) },
    key,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
