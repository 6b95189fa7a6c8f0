import type { CleanedWhere as Condition } from "better-auth/adapters";

type Operator = NonNullable<Condition["operator"]>;

/** Compares a column with a parameter. Without LIKE: to that, `%` and `_` are wildcards, and D1 takes only 50 bytes of it. */
const COMPARISONS: Record<Operator, (column: string, value: string) => string> = {
  eq: (column, value) => `${column} = ${value}`,
  ne: (column, value) => `${column} <> ${value}`,
  lt: (column, value) => `${column} < ${value}`,
  lte: (column, value) => `${column} <= ${value}`,
  gt: (column, value) => `${column} > ${value}`,
  gte: (column, value) => `${column} >= ${value}`,
  // One parameter, however long the list: D1 takes a hundred.
  in: (column, value) => `${column} in (select value from json_each(${value}))`,
  not_in: (column, value) => `${column} not in (select value from json_each(${value}))`,
  contains: (column, value) => `instr(${column}, ${value}) > 0`,
  starts_with: (column, value) => `instr(${column}, ${value}) = 1`,
  ends_with: (column, value) => `substr(${column}, length(${column}) - length(${value}) + 1) = ${value}`,
};

/**
 * The `where` of a statement: all conditions that are joined by AND have to hold, and one of those that are joined by OR, as in
 * better-auth's own adapters. Empty without conditions.
 * @param columnOf the column of a field; throws for one that is not there
 * @param bind adds a value to the statement's, and returns its parameter, such as `?1`
 * @throws Error for a value that does not go with its operator
 */
export function whereOf(
  conditions: readonly Condition[],
  columnOf: (field: string) => string,
  bind: (value: unknown) => string,
): string {
  const joined = (connector: "AND" | "OR") =>
    conditions
      .filter((one) => conditions.length === 1 || (one.connector ?? "AND") === connector)
      .map((one) => comparison(one, columnOf(one.field), bind));
  const groups =
    conditions.length === 1
      ? joined("AND")
      : [joined("AND").join(" and "), joined("OR").join(" or ")].filter((group) => group !== "");
  return groups.length === 0 ? "" : `where ${groups.map((group) => `(${group})`).join(" and ")}`;
}

function comparison(
  { operator = "eq", value, mode }: Condition,
  column: string,
  bind: (value: unknown) => string,
): string {
  if (value === null && operator === "eq") return `${column} is null`;
  if (value === null && operator === "ne") return `${column} is not null`;
  const isList = Array.isArray(value);
  if (isList !== (operator === "in" || operator === "not_in"))
    throw new Error(`The value of ${operator} is ${isList ? "a" : "no"} list`);
  const parameter = bind(isList ? JSON.stringify(value) : value);
  const isText = (isList ? value : [value]).every((one) => typeof one === "string");
  const compare = COMPARISONS[operator];
  return mode === "insensitive" && isText
    ? compare(`lower(${column})`, `lower(${parameter})`)
    : compare(column, parameter);
}
