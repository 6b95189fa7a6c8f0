/*
 * What an API key looks like, whoever makes it: better-auth, or this service for a program that somebody has approved.
 */

/** What a key begins with, by which scanners recognise one that leaked. */
export const KEY_PREFIX = "captures_";
/** How many characters of a key are kept to tell it by. */
export const KEY_START_LENGTH = KEY_PREFIX.length + 4;
