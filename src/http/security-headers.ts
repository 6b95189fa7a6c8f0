import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { isHttps } from "./scheme.ts";

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

/** What every reply tells a browser. Replies are data: nothing in one may be run, framed, or sniffed for another type. */
const options: NonNullable<Parameters<typeof secureHeaders>[0]> = {
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  // For browsers that don't know frame-ancestors.
  xFrameOptions: "DENY",
  crossOriginOpenerPolicy: "same-origin",
  crossOriginResourcePolicy: "same-origin",
  referrerPolicy: "no-referrer",
  permissionsPolicy: {
    camera: false,
    displayCapture: false,
    fullscreen: false,
    geolocation: false,
    microphone: false,
    payment: false,
    usb: false,
  },
};
const overHttp = secureHeaders({ ...options, strictTransportSecurity: false });
const overHttps = secureHeaders({
  ...options,
  strictTransportSecurity: `max-age=${ONE_YEAR_SECONDS}; includeSubDomains`,
});

/** Security headers on every reply, refusals too. Over plain HTTP, which is for local use, a browser is not sent to HTTPS. */
export const securityHeaders: MiddlewareHandler = (c, next) => (isHttps(c) ? overHttps : overHttp)(c, next);
