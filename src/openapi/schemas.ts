import * as z from "zod";
import type { JsonSchema } from "./operation.ts";
import { type Documentation, replyDocumentation } from "./replies.ts";
import { requestDocumentation } from "./requests.ts";

/** Where the document has its named schemas. */
const COMPONENTS = "#/components/schemas/";

/**
 * Makes JSON Schemas of zod's. Those with a name in the documentation become components, wherever they are used.
 * @param io whether they are of what comes in or of what goes out
 */
export function toJsonSchemas(
  io: "input" | "output",
  schemas: ReadonlySet<z.ZodType>,
): { components: Record<string, JsonSchema>; of: ReadonlyMap<z.ZodType, JsonSchema> } {
  const documentation = io === "input" ? requestDocumentation : replyDocumentation;
  // A schema without a name has one for as long as this takes, so that all are made together.
  const registry = z.registry<Documentation & { id: string }>();
  for (const [id, schema] of documentation._idmap) registry.add(schema as z.ZodType, { id });
  let unnamed = 0;
  for (const schema of schemas) {
    if (!registry.has(schema)) registry.add(schema, { id: `unnamed:${unnamed++}` });
  }
  const made = z.toJSONSchema(registry, {
    io,
    metadata: documentation,
    uri: (id) => `${COMPONENTS}${id}`,
    // What code decides (a refinement, a transformation) is said by the documentation.
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      delete jsonSchema.id;
      // What every number of JSON is within says nothing.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }).schemas as Record<string, JsonSchema>;
  const clean = (schema: JsonSchema): JsonSchema => {
    const { $schema: _, $id: __, ...rest } = schema;
    return JSON.parse(JSON.stringify(rest));
  };
  const components: Record<string, JsonSchema> = {};
  for (const [id, schema] of Object.entries(made)) {
    if (!id.startsWith("unnamed:")) components[id] = clean(schema);
  }
  const of = new Map<z.ZodType, JsonSchema>();
  for (const schema of schemas) {
    const id = registry.get(schema)?.id as string;
    of.set(schema, id in components ? { $ref: `${COMPONENTS}${id}` } : clean(made[id] as JsonSchema));
  }
  return { components, of };
}
