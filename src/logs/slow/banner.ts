import { isBanner, isBannerMiddle, MAX_BANNER, mayBeBanner } from "../general/banner.ts";
import { INCOMPLETE, NONE } from "./header-values.ts";

/** Where the three lines of a banner end that begin at `at`; NONE or INCOMPLETE. */
export function bannerEnd(text: string, at: number): number {
  const second = text.indexOf("\n", at) + 1;
  if (second === 0 || !mayBeBanner(text, 0, at, second) || !isBanner(text.slice(at, second))) return NONE;
  if (second === text.length) return INCOMPLETE;
  if (!isBannerMiddle(text, second)) return NONE;
  const third = text.indexOf("\n", second) + 1;
  if (third === 0) return INCOMPLETE;
  if (third - second > MAX_BANNER) return NONE;
  if (third === text.length) return INCOMPLETE;
  const end = text.indexOf("\n", third) + 1;
  if (end === 0) return INCOMPLETE;
  if (end - third > MAX_BANNER || text.charCodeAt(third) !== 84) return NONE;
  return isBanner(text.slice(third, end)) ? end : NONE;
}
