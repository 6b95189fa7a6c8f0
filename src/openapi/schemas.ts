import * as z from "zod";
import type { JsonSchema } from "./operation.ts";

/** Where the document has its named schemas. */
const COMPONENTS = "#/components/schemas/";

/**
 * Makes JSON Schemas of zod's. Those that have an id in their metadata become components, wherever they are used.
 * @param io whether they are of what comes in or of what goes out
 */
export function toJsonSchemas(
  io: "input" | "output",
  schemas: ReadonlySet<z.ZodType>,
): { components: Record<string, JsonSchema>; of: ReadonlyMap<z.ZodType, JsonSchema> } {
  // A schema without an id has a temporary one here, so that all are made together.
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of z.globalRegistry._idmap) registry.add(schema, { id });
  let unnamed = 0;
  for (const schema of schemas) {
    if (!registry.has(schema)) registry.add(schema, { id: `unnamed:${unnamed++}` });
  }
  const made = z.toJSONSchema(registry, {
    io,
    metadata: z.globalRegistry,
    uri: (id) => `${COMPONENTS}${id}`,
    // What code decides (a refinement, a transformation) is said by the metadata.
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      delete jsonSchema.id;
      // The limits of a JavaScript integer are left out.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }).schemas as Record<string, JsonSchema>;
  const idOf = (schema: z.ZodType) => registry.get(schema)?.id as string;
  const components: Record<string, JsonSchema> = {};
  const addUsed = (id: string): void => {
    if (id in components) return;
    const { $schema: _, $id: __, ...rest } = made[id] as JsonSchema;
    const text = JSON.stringify(rest);
    components[id] = JSON.parse(text);
    for (const [, used] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) addUsed(used as string);
  };
  for (const schema of schemas) addUsed(idOf(schema));
  const of = new Map<z.ZodType, JsonSchema>();
  for (const schema of schemas) {
    const id = idOf(schema);
    const isNamed = !id.startsWith("unnamed:");
    of.set(schema, isNamed ? { $ref: `${COMPONENTS}${id}` } : (components[id] as JsonSchema));
    if (!isNamed) delete components[id];
  }
  return { components, of };
}

/**
 * Makes the JSON Schema of a parameter.
 * @param io `input` for the text that is sent, `output` for what that text is read as, such as a number
 */
export function toParameterSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
