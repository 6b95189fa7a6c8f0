import { AwsError, commonErrors } from "./errors.ts";
import { isObject } from "./json.ts";

const MAX_QUERIES = 500;
const MAX_DATAPOINTS = 100_800;
const ID_PATTERN = /^[a-z][a-zA-Z0-9_]*$/;
const MAX_LENGTH = 255;
const MAX_DIMENSIONS = 30;
const STATISTICS = ["Average", "Maximum", "Minimum", "SampleCount", "Sum"] as const;

/** A GetMetricData request that has passed CloudWatch's validation. */
export interface MetricDataRequest {
  queries: MetricQuery[];
  /** Epoch milliseconds, inclusive. */
  startMs: number;
  /** Epoch milliseconds, exclusive. */
  endMs: number;
  ascending: boolean;
  /** Data points in one page, over all queries. */
  maxDatapoints: number;
  nextToken: string | undefined;
}

/** One query with a MetricStat whose data is to be returned. */
export interface MetricQuery {
  id: string;
  label: string | undefined;
  namespace: string;
  metricName: string;
  dimensions: { name: string; value: string }[];
  periodSeconds: number;
  stat: (typeof STATISTICS)[number];
  unit: string | undefined;
}

/**
 * Reads the body of a GetMetricData call.
 * @throws AwsError SerializationException for a member of the wrong type; ValidationError for what CloudWatch would
 *   refuse, all complaints about the queries at once, one a line, as CloudWatch gives them
 */
export function parseMetricDataRequest(body: Record<string, unknown>): MetricDataRequest {
  const rawQueries = optional(body, "MetricDataQueries", isList);
  const startTime = optional(body, "StartTime", isNumber);
  const endTime = optional(body, "EndTime", isNumber);
  const scanBy = optional(body, "ScanBy", isString) ?? "TimestampDescending";
  const maxDatapoints = optional(body, "MaxDatapoints", isNumber) ?? MAX_DATAPOINTS;
  const nextToken = optional(body, "NextToken", isString);

  if (rawQueries === undefined) throw validationError("The parameter MetricDataQueries is required.");
  if (startTime === undefined) throw validationError("The parameter StartTime is required.");
  if (endTime === undefined) throw validationError("The parameter EndTime is required.");
  if (startTime === endTime)
    throw validationError("The parameter StartTime must not equal parameter EndTime.");
  if (startTime > endTime)
    throw validationError("The parameter StartTime must be less than parameter EndTime.");
  if (scanBy !== "TimestampAscending" && scanBy !== "TimestampDescending") {
    throw validationError(`The value ${scanBy} for parameter ScanBy is not a valid scan order.`);
  }
  if (!Number.isInteger(maxDatapoints) || maxDatapoints < 1 || maxDatapoints > MAX_DATAPOINTS) {
    throw validationError(
      `The value ${maxDatapoints} for parameter MaxDatapoints must be between 1 and ${MAX_DATAPOINTS}.`,
    );
  }
  return {
    queries: parseQueries(rawQueries),
    startMs: startTime * 1_000,
    endMs: endTime * 1_000,
    ascending: scanBy === "TimestampAscending",
    maxDatapoints,
    nextToken,
  };
}

function parseQueries(rawQueries: readonly unknown[]): MetricQuery[] {
  if (rawQueries.length === 0) throw validationError("The parameter MetricDataQueries is required.");
  if (rawQueries.length > MAX_QUERIES) {
    throw validationError(
      `The collection MetricDataQueries must not have a size greater than ${MAX_QUERIES}.`,
    );
  }
  const complaints: string[] = [];
  const parsed = rawQueries.map((raw, index) => {
    if (!isObject(raw)) throw wrongType("MetricDataQueries");
    return parseQuery(raw, `MetricDataQueries.member.${index + 1}`, complaints);
  });
  const ids = parsed.map(({ query }) => query.id);
  if (new Set(ids).size < ids.length)
    complaints.push("The values for parameter Id in MetricDataQueries are not unique.");
  if (!parsed.some(({ isReturned }) => isReturned)) {
    complaints.push("At least one element of MetricDataQueries must have ReturnData set to true.");
  }
  if (complaints.length > 0) throw validationError(complaints.join("\n"));
  return parsed.filter(({ isReturned }) => isReturned).map(({ query }) => query);
}

/** Reads one query; what is wrong with it is added to `complaints`. */
function parseQuery(
  raw: Record<string, unknown>,
  path: string,
  complaints: string[],
): { query: MetricQuery; isReturned: boolean } {
  const id = optional(raw, "Id", isString);
  if (id === undefined) complaints.push(`The parameter ${path}.Id is required.`);
  else if (!ID_PATTERN.test(id)) {
    complaints.push(
      `The value ${id} for parameter ${path}.Id is not matching the expected pattern ${ID_PATTERN.source}.`,
    );
  } else if (id.length > MAX_LENGTH) {
    complaints.push(`The parameter ${path}.Id must be shorter than ${MAX_LENGTH + 1} characters.`);
  }
  if (raw.Expression !== undefined && raw.Expression !== null) {
    complaints.push(`The local AWS does not support the parameter ${path}.Expression.`);
  }
  const metricStat = optional(raw, "MetricStat", isObject);
  if (metricStat === undefined) complaints.push(`The parameter ${path}.MetricStat is required.`);
  return {
    query: {
      id: id ?? "",
      label: optional(raw, "Label", isString),
      ...parseMetricStat(metricStat ?? {}, `${path}.MetricStat`, metricStat === undefined ? [] : complaints),
    },
    isReturned: optional(raw, "ReturnData", isBoolean) ?? true,
  };
}

function parseMetricStat(
  raw: Record<string, unknown>,
  path: string,
  complaints: string[],
): Omit<MetricQuery, "id" | "label"> {
  const metric = optional(raw, "Metric", isObject) ?? {};
  const namespace = requiredText(metric, "Namespace", `${path}.Metric`, complaints);
  const metricName = requiredText(metric, "MetricName", `${path}.Metric`, complaints);
  const periodSeconds = optional(raw, "Period", isNumber);
  // Periods of 1, 5, 10, 20 and 30 seconds are for high-resolution metrics, which RDS does not publish.
  if (periodSeconds === undefined) complaints.push(`The parameter ${path}.Period is required.`);
  else if (!Number.isInteger(periodSeconds) || periodSeconds < 1 || periodSeconds % 60 !== 0) {
    complaints.push(`The value ${periodSeconds} for parameter ${path}.Period must be a multiple of 60.`);
  }
  const stat = STATISTICS.find((name) => name === raw.Stat);
  if (stat === undefined) complaints.push(`The value for parameter ${path}.Stat is not a valid statistic.`);
  return {
    namespace,
    metricName,
    dimensions: parseDimensions(metric, `${path}.Metric.Dimensions`, complaints),
    periodSeconds: periodSeconds ?? 60,
    stat: stat ?? "Average",
    unit: optional(raw, "Unit", isString),
  };
}

function parseDimensions(
  metric: Record<string, unknown>,
  path: string,
  complaints: string[],
): MetricQuery["dimensions"] {
  const dimensions = optional(metric, "Dimensions", isList) ?? [];
  if (dimensions.length > MAX_DIMENSIONS) {
    complaints.push(`The collection ${path} must not have a size greater than ${MAX_DIMENSIONS}.`);
  }
  return dimensions.map((raw, index) => {
    if (!isObject(raw)) throw wrongType("Dimensions");
    const member = `${path}.member.${index + 1}`;
    return {
      name: requiredText(raw, "Name", member, complaints),
      value: requiredText(raw, "Value", member, complaints),
    };
  });
}

function requiredText(
  parent: Record<string, unknown>,
  name: string,
  path: string,
  complaints: string[],
): string {
  const value = optional(parent, name, isString);
  if (value === undefined || value === "") complaints.push(`The parameter ${path}.${name} is required.`);
  return value ?? "";
}

/** A member of the type that it must have, or undefined if it is absent or null. */
function optional<Type>(
  parent: Record<string, unknown>,
  name: string,
  isType: (value: unknown) => value is Type,
): Type | undefined {
  const value = parent[name];
  if (value === undefined || value === null) return undefined;
  if (!isType(value)) throw wrongType(name);
  return value;
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function wrongType(name: string): AwsError {
  return commonErrors.malformedBody(`The member ${name} has a value of the wrong type.`);
}

function validationError(message: string): AwsError {
  return new AwsError(message, {
    code: "ValidationError",
    status: 400,
    jsonType: "com.amazonaws.cloudwatch.v2010_08_01#ValidationException",
  });
}
