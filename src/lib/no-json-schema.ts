/*
 * Stands in for zod's JSON schemas in the Worker's bundle (`[alias]` in wrangler.toml): every schema of zod can describe itself as
 * one, which only `npm run openapi` and `npm run build` ask for, in Node, and it is 19 KB. Schemas parse as before.
 */

function noJsonSchema(): never {
  throw new Error("Schemas are described by npm run openapi, not by the Worker");
}

export { noJsonSchema as aggregateChecks, noJsonSchema as toJSONSchema };

/** Makes the method of a schema that describes it. */
export const createToJSONSchemaMethod = () => noJsonSchema;

/** Makes the methods of a schema that describe it by the Standard Schema, which are made whenever it is asked for any of its parts. */
export const createStandardJSONSchemaMethod = () => noJsonSchema;
