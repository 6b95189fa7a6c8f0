import * as z from "zod";
import type { Accounts } from "./accounts.ts";
import { ACCESS_ROUTES } from "./control-access.ts";
import { ACCOUNT_ROUTES } from "./control-account.ts";
import { LOG_ROUTES } from "./control-logs.ts";
import { ControlError, PlainText, type Route } from "./control-route.ts";
import type { Reply } from "./reply.ts";

/** The path below which the control API lives; AWS has nothing there. */
export const CONTROL_PREFIX = "/_local/";

/** A request to the control API. */
export interface ControlRequest {
  method: string;
  /** The path and the query as sent. */
  url: string;
  body: Uint8Array;
}

const ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "",
    about: "this list",
    run: () => ({
      routes: ROUTES.map(({ method, path, about }) => ({ method, path: CONTROL_PREFIX + path, about })),
    }),
  },
  ...ACCOUNT_ROUTES,
  ...ACCESS_ROUTES,
  ...LOG_ROUTES,
];

/** Answers a request to the control API: JSON, and a 4xx with `{error}` for what makes no sense. */
export function answerControl(request: ControlRequest, accounts: Accounts): Reply {
  try {
    const url = new URL(request.url, "http://local");
    const { route, segment } = findRoute(request.method, url.pathname.slice(CONTROL_PREFIX.length));
    const hasBody = route.method !== "GET" && route.method !== "DELETE";
    const values = hasBody ? decodeBody(request.body) : Object.fromEntries(url.searchParams);
    const result = route.run(accounts, { values, segment });
    if (result === undefined) return { status: 204, headers: {}, body: "" };
    if (!(result instanceof PlainText)) return jsonReply(200, result);
    return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: result.pieces };
  } catch (error) {
    if (error instanceof ControlError) return jsonReply(error.status, { error: error.message });
    if (error instanceof z.ZodError) return jsonReply(400, { error: describeIssues(error) });
    throw error;
  }
}

function findRoute(method: string, path: string): { route: Route; segment: string } {
  const matches = ROUTES.flatMap((route) => {
    const segment = matchPath(route.path, path);
    return segment === undefined ? [] : [{ route, segment }];
  });
  const match = matches.find(({ route }) => route.method === method);
  if (match !== undefined) return match;
  if (matches.length === 0)
    throw new ControlError(
      404,
      `There is no ${CONTROL_PREFIX}${path}; GET ${CONTROL_PREFIX} lists what there is`,
    );
  throw new ControlError(
    405,
    `Use ${matches.map(({ route }) => route.method).join(" or ")} here, not ${method}`,
  );
}

/** The segment that a path's braces stand for, an empty text if it has none, or undefined if it doesn't match. */
function matchPath(pattern: string, path: string): string | undefined {
  const [fixed = "", parameter] = pattern.split("{", 2);
  if (parameter === undefined) return pattern === path ? "" : undefined;
  const segment = path.slice(fixed.length);
  return path.startsWith(fixed) && segment !== "" && !segment.includes("/") ? segment : undefined;
}

function decodeBody(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    throw new ControlError(400, "The body is not valid JSON");
  }
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; ");
}

function jsonReply(status: number, body: unknown): Reply {
  return { status, headers: { "content-type": "application/json" }, body: `${JSON.stringify(body)}\n` };
}
