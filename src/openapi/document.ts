import type * as z from "zod";
import { engineLabels } from "../environments/engines.ts";
import { errorSchema } from "../http/replies.ts";
import { payloadSchema } from "../webhooks/replies.ts";
import { accountOperations } from "./account.ts";
import { auditOperations } from "./audit.ts";
import { calendarOperations } from "./calendar.ts";
import { captureChangeOperations } from "./capture-changes.ts";
import { captureOperations } from "./captures.ts";
import { comparingOperations } from "./comparing.ts";
import { deviceOperations } from "./device.ts";
import { emailLinkOperations } from "./email-links.ts";
import { environmentOperations } from "./environments.ts";
import { erasingOperations } from "./erasing.ts";
import {
  BOOKMARK_OF_READ,
  BOOKMARK_OF_REPLY,
  COSTLY_POLICY,
  REQUEST_ID,
  WRITE_POLICY,
} from "./header-fields.ts";
import { healthOperations } from "./health.ts";
import { identityOperations } from "./identity.ts";
import { keyOperations } from "./keys.ts";
import { memberOperations } from "./members.ts";
import type { Answer, Header, JsonSchema, Operation, Parameter, Refusal } from "./operation.ts";
import { TOO_MANY_CHANGES, TOO_MANY_COSTLY } from "./refusals.ts";
// Adds descriptions to the schemas of requests.
import "./requests.ts";
import { recordOperations } from "./records.ts";
import { scheduleOperations } from "./schedules.ts";
import { toJsonSchemas, toParameterSchema } from "./schemas.ts";
import { signOnOperations } from "./sign-on.ts";
import { describeWebhooks, webhookOperations } from "./webhooks.ts";
import { workloadOperations } from "./workload.ts";

/*
 * The API's description in OpenAPI 3.1. It is made at build time and served as a file; the Worker knows nothing of it.
 */

const operations: Operation[] = [
  ...captureOperations,
  ...captureChangeOperations,
  ...calendarOperations,
  ...scheduleOperations,
  ...workloadOperations,
  ...comparingOperations,
  ...recordOperations,
  ...environmentOperations,
  ...erasingOperations,
  ...memberOperations,
  ...auditOperations,
  ...webhookOperations,
  ...identityOperations,
  ...accountOperations,
  ...signOnOperations,
  ...emailLinkOperations,
  ...keyOperations,
  ...deviceOperations,
  ...healthOperations,
];

const TAGS = {
  Captures: "What an instance does between a start and an end, at once, scheduled or back-dated.",
  Schedules: "Captures that are made again and again, by a rule.",
  Workloads: "What a capture recorded: its numbers, its statements, the records themselves.",
  Environments: `An RDS ${engineLabels("or")} instance, the credentials that reach it, and who may use it.`,
  Erasure: "Erasing what captures have recorded, and the proof of it.",
  Webhooks:
    "Where an environment's events are told: in the form of [Standard Webhooks](https://www.standardwebhooks.com), to Slack, or by e-mail.",
  Members: "Who belongs to an environment, how others join, and what was done.",
  Accounts: "Signing up, signing in, signing out.",
  "API keys": "Keys that programs sign in with.",
  "Device login": "How a program without a browser gets a key: a person approves it in the console.",
  Operations: "Health.",
};

const DESCRIPTION = `Records what ${engineLabels("and")} instances on Amazon RDS do: their statements and their CloudWatch metrics.

**Who is calling.** A browser has the session cookie that \`POST /api/auth/sign-in/email\` sets. A program has an API key and sends it
as \`Authorization: Bearer …\` or \`x-api-key: …\`. A change with the cookie from a page of another site is a 403.

**Bodies** are JSON of at most 64 KiB. **Times** are ISO 8601 in UTC. Unknown fields and parameters are refused.

**Refusals** are \`{"code", "message"}\` with the HTTP status as \`code\`. The examples of a status are all messages of the operation;
a message that varies matches the \`x-pattern\` of its example. An unknown path is a 404 "No such path", an unknown method of a path a 405
with \`Allow\`. A 503 is transient: retry after \`Retry-After\` seconds. After a 503 it is not known whether a change was made.

**Retries.** With an \`Idempotency-Key\`, a capture or an environment is made once, however often the request is sent. A capture and
a page of captures have an \`ETag\`: with \`If-None-Match\`, the reply is a 304 without a body if nothing has changed; with
\`If-Match\`, a 412 if somebody else has changed the capture.

**Own writes.** Reads are answered by the nearest replica of the database, which may be behind. Every reply has an
\`X-D1-Bookmark\`: a read that sends it sees at least the same state. Browsers have it in the cookie \`captures.bookmark\`, which
changes set.

**Limits.** Requests are limited by user, changes by session or API key too, sign-ins and sign-ups by address; \`RateLimit-Policy\` says how many requests
there may be. One more is a 429 with \`Retry-After\` and \`RateLimit\`. Other replies have no \`RateLimit\`: how much is left is not known.

**Every reply** has an \`X-Request-Id\`, the request's id in the service's log. An \`X-Request-Id\` of yours is logged beside it. \`HEAD\` is \`GET\` without the body.`;

const SECURITY: Record<Operation["credentials"], object[] | undefined> = {
  any: [{ session: [] }, { bearer: [] }, { apiKey: [] }],
  session: [{ session: [] }],
  none: [],
};

/** What each status of a refusal means. */
const REASONS: Record<number, string> = {
  400: "What was sent can't be used.",
  401: "Nobody is signed in.",
  403: "The caller may not do this.",
  404: "There is no such thing, or the caller may not know of it.",
  409: "The state of things does not allow it.",
  410: "It was erased.",
  412: "It has changed since.",
  413: "The body is too large.",
  415: "The body is not JSON.",
  422: "What was sent contradicts what is there.",
  429: "Too many requests.",
  500: "A fault of the service's.",
  502: "AWS refused, or what was asked elsewhere did not answer as it must.",
  503: "Not just now.",
  504: "AWS did not answer in time.",
};

type Of = (schema: z.ZodType) => JsonSchema;

/** Makes the document. */
export function describeApi(): JsonSchema {
  const requests = toJsonSchemas("input", new Set(operations.flatMap(({ body }) => body?.schema ?? [])));
  const replies = toJsonSchemas(
    "output",
    new Set([errorSchema, payloadSchema, ...operations.flatMap(replySchemas)]),
  );
  const request: Of = (schema) => requests.of.get(schema) as JsonSchema;
  const reply: Of = (schema) => replies.of.get(schema) as JsonSchema;
  const shared = toSharedRefusals(reply(errorSchema));
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    (paths[operation.path] as Record<string, JsonSchema>)[operation.method] = toOperation(
      operation,
      request,
      reply,
      shared,
    );
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Captures",
      version: "1",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "The service that serves this document." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    webhooks: describeWebhooks(reply),
    components: {
      schemas: { ...replies.components, ...requests.components },
      responses: Object.fromEntries([...shared.values()].map(({ name, response }) => [name, response])),
      headers: { RequestId: toHeader(REQUEST_ID), Bookmark: toHeader(BOOKMARK_OF_REPLY) },
      parameters: { Bookmark: toParameter(BOOKMARK_OF_READ) },
      securitySchemes: {
        session: {
          type: "apiKey",
          in: "cookie",
          name: "captures.session_token",
          description: "The cookie that signing in sets; over HTTPS it is `__Host-captures.session_token`.",
        },
        bearer: { type: "http", scheme: "bearer", description: "An API key." },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "An API key." },
      },
    },
  };
}

function answersOf(operation: Operation): Answer[] {
  const { success, others = [] } = operation;
  return [{ ...success, headers: { ...success.headers, ...policyOf(operation) } }, ...others];
}

/** What the reply to a granted request says of limits; of reads only those that cost much do. */
function policyOf({ refusals }: Operation): Answer["headers"] {
  if (refusals.includes(TOO_MANY_CHANGES)) return WRITE_POLICY;
  return refusals.includes(TOO_MANY_COSTLY) ? COSTLY_POLICY : {};
}

/** Whether a replica of the database may answer the operation. */
const isRead = ({ method, credentials }: Operation): boolean => method === "get" && credentials !== "none";

function toParameters(operation: Operation): JsonSchema[] {
  const own = (operation.parameters ?? []).map(toParameter);
  return isRead(operation) ? [...own, { $ref: "#/components/parameters/Bookmark" }] : own;
}

const toParameter = ({ required, schema, ...parameter }: Parameter): JsonSchema => ({
  ...parameter,
  schema: isZod(schema) ? toParameterSchema(schema, parameter.in === "header" ? "input" : "output") : schema,
  required: parameter.in === "path" || required === true || (parameter.in === "query" && isRequired(schema)),
});

const isRequired = (schema: z.ZodType | JsonSchema) => isZod(schema) && !schema.safeParse(undefined).success;

function replySchemas(operation: Operation): z.ZodType[] {
  return [
    ...answersOf(operation)
      .flatMap(({ content = {} }) => Object.values(content))
      .flatMap(({ schema }) => (isZod(schema) ? schema : [])),
    ...Object.values(operation.refusalSchemas ?? {}),
  ];
}

const isZod = (schema: z.ZodType | JsonSchema): schema is z.ZodType => "_zod" in schema;

function toOperation(operation: Operation, request: Of, reply: Of, shared: SharedRefusals): JsonSchema {
  const { id, tag, summary, description, permission, credentials, body } = operation;
  const parameters = toParameters(operation);
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [description, `**Who may:** ${permission}`].filter(Boolean).join("\n\n"),
    security: SECURITY[credentials],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: { "application/json": { schema: request(body.schema), examples: body.examples } },
      },
    }),
    responses: Object.fromEntries(
      [
        ...answersOf(operation).map((answer) => [String(answer.status), toAnswer(answer, reply)] as const),
        ...toRefusals(
          operation.refusals,
          (status) => reply(operation.refusalSchemas?.[status] ?? errorSchema),
          shared,
        ),
      ].sort(([a], [b]) => a.localeCompare(b, "en")),
    ),
  };
}

function toAnswer({ description, headers, content }: Answer, reply: Of): JsonSchema {
  return {
    description,
    headers: toHeaders(headers),
    ...(content && {
      content: Object.fromEntries(
        Object.entries(content).map(([type, { schema, example }]) => [
          type,
          { schema: isZod(schema) ? reply(schema) : schema, ...(example !== undefined && { example }) },
        ]),
      ),
    }),
  };
}

/** The refusals that several operations share, with the name of the component. The key is the refusals as JSON. */
type SharedRefusals = ReadonlyMap<string, { name: string; response: JsonSchema }>;

function toSharedRefusals(error: JsonSchema): SharedRefusals {
  const uses = Map.groupBy(
    operations.flatMap(({ refusals }) => byStatus(refusals)),
    ([, same]) => JSON.stringify(same),
  );
  const shared = [...uses].filter(([, all]) => all.length > 1);
  const names = new Set<string>();
  return new Map(
    shared.map(([key, all]) => {
      const [status, refusals] = all[0] as (typeof all)[number];
      const name = refusals.map((refusal) => capitalised(refusal.name)).join("");
      if (names.has(name)) throw new Error(`Two different replies are called ${name}`);
      names.add(name);
      return [key, { name, response: toRefusal(status, refusals, error) }];
    }),
  );
}

/** The refusals of each status. */
function toRefusals(
  refusals: Refusal[],
  errorOf: (status: number) => JsonSchema,
  shared: SharedRefusals,
): [string, JsonSchema][] {
  return byStatus(refusals).map(([status, same]) => {
    const name = shared.get(JSON.stringify(same))?.name;
    return [
      String(status),
      name === undefined
        ? toRefusal(status, same, errorOf(status))
        : { $ref: `#/components/responses/${name}` },
    ];
  });
}

const byStatus = (refusals: Refusal[]) => [...Map.groupBy(refusals, ({ status }) => status)];

const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** The reply of a status, with every message as an example. */
function toRefusal(status: number, refusals: Refusal[], error: JsonSchema): JsonSchema {
  return {
    description: REASONS[status],
    headers: toHeaders(Object.assign({}, ...refusals.map(({ headers }) => headers))),
    content: {
      "application/json": {
        schema: error,
        examples: Object.fromEntries(
          refusals.map(({ name, message, pattern, fields }) => [
            name,
            {
              summary: message,
              value: { ...fields, code: status, message },
              ...(pattern !== undefined && { "x-pattern": `^(?:${pattern})$` }),
            },
          ]),
        ),
      },
    },
  };
}

function toHeaders(headers: Record<string, Header> = {}): JsonSchema {
  return {
    "X-Request-Id": { $ref: "#/components/headers/RequestId" },
    "X-D1-Bookmark": { $ref: "#/components/headers/Bookmark" },
    ...Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, toHeader(header)])),
  };
}

const toHeader = ({ description, schema, required = undefined, example }: Header): JsonSchema => ({
  description,
  ...(required !== undefined && { required }),
  schema,
  example,
});
