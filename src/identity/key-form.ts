/* What an API key looks like, whoever makes it: its owner, or a program that somebody has approved. */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 364 bits. */
const KEY_LENGTH = 64;
const ID_LENGTH = 32;

/** What a key begins with, by which scanners recognise one that leaked. */
export const KEY_PREFIX = "captures_";
/** How many characters of a key are kept to tell it by. */
export const KEY_START_LENGTH = KEY_PREFIX.length + 4;

/** Text of random letters, each as likely as the others. */
export function randomText(length: number, alphabet: string = LETTERS): string {
  // Bytes above the last multiple of the alphabet's size would make its first letters more likely.
  const end = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    for (const byte of bytes) if (byte < end) text += alphabet.charAt(byte % alphabet.length);
  }
  return text.slice(0, length);
}

/** A new API key. */
export const newKey = (): string => KEY_PREFIX + randomText(KEY_LENGTH);
/** The id of a new key. */
export const newId = (): string => randomText(ID_LENGTH);
