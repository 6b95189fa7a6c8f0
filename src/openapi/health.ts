import { healthSchema, unhealthySchema } from "../http/replies.ts";
import type { Operation } from "./operation.ts";
import { FAULT } from "./refusals.ts";

/** `/api/health`. */
export const healthOperations: Operation[] = [
  {
    id: "getHealth",
    method: "get",
    path: "/api/health",
    tag: "Operations",
    summary: "Show whether the service is healthy",
    description: "For load balancers and monitors, without a sign-in. It asks the database.",
    permission: "Everybody.",
    credentials: "none",
    success: {
      status: 200,
      description: "It is healthy.",
      content: { "application/json": { schema: healthSchema, example: { status: "ok", database: "ok" } } },
    },
    others: [
      {
        status: "4XX",
        description: "Not from the service itself: the request was not valid HTTP.",
      },
      {
        status: 503,
        description: "The database does not answer.",
        content: {
          "application/json": {
            schema: unhealthySchema,
            example: { status: "unavailable", database: "unavailable" },
          },
        },
      },
    ],
    refusals: [FAULT],
  },
];
