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
    summary: "Say whether the service can do its work",
    description: "For load balancers and monitors: the database is asked, nobody is signed in.",
    permission: "Everybody.",
    credentials: "none",
    success: {
      status: 200,
      description: "It can.",
      content: { "application/json": { schema: healthSchema, example: { status: "ok", database: "ok" } } },
    },
    others: [
      {
        status: "4XX",
        description: "Nothing that the service itself refuses: it was no request that a server can read.",
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
