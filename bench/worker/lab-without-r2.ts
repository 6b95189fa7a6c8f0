/*
 * The lab without the local simulation of R2, which on the platform is another machine's. This file and pretended-gc.ts are put
 * beside an earlier commit's lab too (bench/commit.ts), so that what they ask of it is what every lab has.
 */

// Before the lab, which looks for it as it is loaded.
import "./pretended-gc.ts";

export * from "./lab.ts";
export { default } from "./lab.ts";
