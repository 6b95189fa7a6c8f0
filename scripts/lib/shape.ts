/** Values that differ from run to run: moments, random ids, codes and measurements. */
const VARIABLE = /^(\d{4}-\d\d-\d\dT[\d:.]+Z|captures_\w+|[\w-]{32,}|(?=.*[A-Z])[\w-]{16})$/;

/** Measurements of a workload, which is what it happens to be; `commands` has those that happened to run. */
const MEASURED = /^(records|statements|commands|bytes|storedBytes|fragments|count|share|behindBy)$/;

/**
 * Where a reply differs from the documented one. Times, random texts and measured numbers may have other values, all else has
 * to be the same.
 */
export function differences(expected: unknown, actual: unknown, path = "reply"): string[] {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length)
      return [`${path} has ${actual.length} items, not ${expected.length}`];
    return expected.flatMap((item, i) => differences(item, actual[i], `${path}[${i}]`));
  }
  if (isObject(expected) && isObject(actual)) {
    return [...new Set([...Object.keys(expected), ...Object.keys(actual)])].flatMap((key) =>
      MEASURED.test(key) && typeof expected[key] === typeof actual[key]
        ? []
        : key in expected && key in actual
          ? differences(expected[key], actual[key], `${path}.${key}`)
          : [`${path}.${key} is ${key in actual ? "not documented" : "missing"}`],
    );
  }
  if (
    typeof expected === "string" &&
    typeof actual === "string" &&
    VARIABLE.test(expected) &&
    VARIABLE.test(actual)
  ) {
    return [];
  }
  if (typeof expected === "number" && typeof actual === "number" && !Number.isInteger(expected)) return [];
  return Object.is(expected, actual)
    ? []
    : [`${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
