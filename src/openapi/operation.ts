import type * as z from "zod";

/* The types in which operations are described here; document.ts makes OpenAPI of them. */

/** A JSON Schema. */
export type JsonSchema = Record<string, unknown>;

/** A header of a reply. */
export interface Header {
  description: string;
  schema: JsonSchema;
  /** Whether every such reply has it. */
  required?: true;
  example: string | number;
}

/** A parameter in the path, the query or a header. */
export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  description: string;
  /** What validates it; of one that nothing validates, a JSON Schema. */
  schema: z.ZodType | JsonSchema;
  /** Of a header; what is in the path is always required, and of the query what its schema requires. */
  required?: true;
  example?: unknown;
}

/** A body that a request may have. */
export interface RequestBody {
  schema: z.ZodType;
  /** By name, each with a line that says what it shows. */
  examples: Record<string, { summary: string; value: unknown }>;
}

/** What an operation answers with, other than a refusal. */
export interface Answer {
  status: number | "4XX";
  description: string;
  headers?: Record<string, Header>;
  /** By media type. Of JSON the schema and an example; other bodies are described in words. */
  content?: Record<string, { schema: z.ZodType | JsonSchema; example?: unknown }>;
}

/** A refusal that an operation can answer with. */
export interface Refusal {
  /** The example's name, unique in the operation. */
  name: string;
  status: number;
  /** The message; of one that varies, an example. */
  message: string;
  /** What a message that varies matches, all of it. */
  pattern?: string;
  /** What its body has besides status and message. */
  fields?: object;
  headers?: Record<string, Header>;
}

/** One operation of the API. */
export interface Operation {
  id: string;
  method: "get" | "post" | "put" | "delete";
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** Who may. */
  permission: string;
  /** How the caller is known: by anything, by the session cookie only, or not at all. */
  credentials: "any" | "session" | "none";
  parameters?: Parameter[];
  body?: RequestBody;
  /** The answer on success. */
  success: Answer;
  /** Other answers that are no refusal. */
  others?: Answer[];
  refusals: Refusal[];
  /** What refusals of a status have that others don't, by the status. */
  refusalSchemas?: Record<number, z.ZodType>;
}
