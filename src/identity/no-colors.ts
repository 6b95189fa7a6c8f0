/* Stands in for what better-auth's logger finds out of a terminal's colors (`[alias]` in wrangler.toml): a Worker has no terminal. */

/** How many colors the terminal has, in bits: one bit is none. */
export const getColorDepth = (): number => 1;
