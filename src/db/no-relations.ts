/*
 * Stands in for drizzle's relational queries in the Worker's bundle (`[alias]` in wrangler.toml): better-auth's tables are asked by
 * drizzle's builder, which needs none of their 6 KB.
 */

function noRelations(): never {
  throw new Error("There are no relational queries here: drizzle is given no schema");
}

/** What drizzle compares a relation with: nothing is one. */
export class One {}
/** What drizzle compares a relation with: nothing is one. */
export class Many {}

/** What drizzle makes of each table of a schema. */
export class RelationalQueryBuilder {
  constructor() {
    noRelations();
  }
}

export {
  noRelations as createTableRelationsHelpers,
  noRelations as extractTablesRelationalConfig,
  noRelations as getOperators,
  noRelations as getOrderByOperators,
  noRelations as normalizeRelation,
};
