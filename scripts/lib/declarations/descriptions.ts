/*
 * What the API's description says of fields. A type of the client and its JSON Schema have the same fields, so the two are walked
 * together.
 */

/** A JSON Schema, as far as it is walked. */
export interface JsonSchema {
  $ref?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

/** A place in the API's description: the schemas that may be meant there, and all named ones. */
export interface Described {
  schemas: readonly JsonSchema[];
  named: Readonly<Record<string, JsonSchema>>;
}

/** Nothing is said. */
export const noDescription: Described = { schemas: [], named: {} };

/** Schemas with what they refer to and are made of. */
function parts({ schemas, named }: Described): JsonSchema[] {
  return schemas.flatMap((schema) => {
    const { $ref, anyOf = [], oneOf = [], allOf = [] } = schema;
    const target = $ref === undefined ? undefined : named[$ref.split("/").at(-1) as string];
    const more = [...(target ? [target] : []), ...anyOf, ...oneOf, ...allOf];
    return [schema, ...(more.length === 0 ? [] : parts({ schemas: more, named }))];
  });
}

/** What is said of a property; of the elements or values, without a name. */
export function inside(described: Described, property?: string): Described {
  if (described === noDescription) return noDescription;
  const schemas = parts(described).flatMap(({ properties, items, additionalProperties }) =>
    property === undefined
      ? [items, typeof additionalProperties === "object" ? additionalProperties : undefined]
      : [properties?.[property]],
  );
  return { ...described, schemas: schemas.filter((schema) => schema !== undefined) };
}

/** What a schema says of itself; undefined where it says nothing. */
export const descriptionOf = (described: Described): string | undefined =>
  parts(described).find(({ description }) => description !== undefined)?.description;

/** What the document says of the replies, bodies and queries that are named in the types. */
export interface OpenApi {
  components: { schemas: Record<string, JsonSchema> };
  paths: Record<
    string,
    Record<string, { parameters?: { in: string; name: string; description?: string; schema: JsonSchema }[] }>
  >;
}

/** Types of the client that are an operation's query, by their names. */
const QUERIES: Readonly<Record<string, string>> = {
  CaptureFilter: "/api/captures",
  MetricsQuery: "/api/captures/{id}/metrics",
  DigestQuery: "/api/captures/{id}/workload/digest",
  TagsQuery: "/api/captures/{id}/workload/tags",
  SeriesQuery: "/api/captures/{id}/workload/series",
  SpanQuery: "/api/captures/{id}/workload/series/statements",
  CompareQuery: "/api/captures/{id}/workload/compare",
  ReportQuery: "/api/captures/{id}/workload/report",
  DownloadQuery: "/api/captures/{id}/workload/download",
  RecordsQuery: "/api/captures/{id}/workload/records",
  SessionQuery: "/api/captures/{id}/workload/sessions/{threadId}",
};

/** Types of the client whose schema has another name. */
const SCHEMAS: Readonly<Record<string, string>> = {
  ComparedSide: "ComparedCapture",
  ShownStatement: "ComparedStatement",
  NewKey: "NewApiKey",
  NewApiKey: "CreatedApiKey",
};

/** What the document says of a type of the client. */
export function describedAs(name: string, { components, paths }: OpenApi): Described {
  const { schemas: named } = components;
  const { parameters } = paths[QUERIES[name] ?? ""]?.get ?? {};
  const schema = named[SCHEMAS[name] ?? name];
  if (parameters === undefined) return { named, schemas: schema === undefined ? [] : [schema] };
  const query = parameters.filter((parameter) => parameter.in === "query");
  const properties = query.map(({ name, description, schema }) => [
    name,
    { ...schema, ...(description !== undefined && { description }) },
  ]);
  return { named, schemas: [{ properties: Object.fromEntries(properties) }] };
}
