/* How long a link is good for, and how often anything is mailed or tried. */

/** How long a link can be used. */
export const LINK_LIFETIME_MS = 60 * 60 * 1000;

/** How many mails one address is sent in a window of so many seconds, whoever asks for them. */
export const MAILS = { most: 3, seconds: 60 * 60 };

/** How many changes of its address one account may try in a window of so many seconds: each tries a password. */
export const ADDRESS_CHANGES = { most: 10, seconds: 60 * 60 };
