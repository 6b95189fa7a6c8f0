import type { Context } from "hono";
import { isHttps } from "./scheme.ts";

/*
 * What every reply tells a browser. Replies are data: nothing in one may be run, framed, or sniffed for another type. A table, and not
 * Hono's middleware, since that sets one header after the other on a reply that is made already (bench/README.md).
 */

/** The security headers of a reply over plain HTTP. */
export const OVER_HTTP = {
  "Content-Security-Policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Origin-Agent-Cluster": "?1",
  "Permissions-Policy":
    "camera=(), display-capture=(), fullscreen=(), geolocation=(), microphone=(), payment=(), usb=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-DNS-Prefetch-Control": "off",
  "X-Download-Options": "noopen",
  // For browsers that don't know frame-ancestors.
  "X-Frame-Options": "DENY",
  "X-Permitted-Cross-Domain-Policies": "none",
  "X-XSS-Protection": "0",
};

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

const OVER_HTTPS = {
  ...OVER_HTTP,
  "Strict-Transport-Security": `max-age=${ONE_YEAR_SECONDS}; includeSubDomains`,
};

/** The security headers of a request's reply. Over plain HTTP, which is for local use, a browser is not sent to HTTPS. */
export const securityHeaders = (c: Context): Readonly<Record<string, string>> =>
  isHttps(c) ? OVER_HTTPS : OVER_HTTP;
