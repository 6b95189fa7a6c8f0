import type { MiddlewareHandler } from "hono";
import { allowsPasswords } from "../env.ts";
import type { App } from "../http/context.ts";
import { refuseSignOn } from "./sign-on/refusals.ts";

/** Lets requests of passwords through where people have any. @throws ApiError 403 */
export const byPassword: MiddlewareHandler<App> = async (c, next) => {
  if (!allowsPasswords(c.env)) throw refuseSignOn.noPasswords();
  await next();
};
