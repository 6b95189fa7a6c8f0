import type { Account } from "./accounts.ts";
import { queryError } from "./errors.ts";
import { isDefaultGroup, type ParameterGroup, type ParameterSetting } from "./instances.ts";
import { settleParameters } from "./logging.ts";
import { startApplying } from "./parameter-application.ts";
import { isAllowedValue, type ParameterDefinition, parametersOf } from "./parameters.ts";
import { listOf, type QueryParameters, type XmlElements } from "./query.ts";
import { describeActions } from "./rds-describe.ts";
import { logActions, logDownloads } from "./rds-logs.ts";
import {
  arn,
  invalidParameterValue,
  LIST_LIMITS,
  mustBeProvided,
  pageOf,
  refuseFilters,
  required,
} from "./rds-request.ts";
import type { Call, QueryService } from "./service.ts";

const MAX_PARAMETERS_PER_CALL = 20;
const SOURCES = ["user", "system", "engine-default"];

/** Amazon RDS: Query protocol, version 2014-10-31. */
export const rds: QueryService = {
  protocol: "query",
  signingName: "rds",
  anyRegion: false,
  iamPrefix: "rds",
  version: "2014-10-31",
  namespace: "http://rds.amazonaws.com/doc/2014-10-31/",
  actions: {
    ...describeActions,
    DescribeDBParameters: { run: describeParameters, resource: parameterGroupArn },
    ModifyDBParameterGroup: { run: modifyParameterGroup, resource: parameterGroupArn },
    ResetDBParameterGroup: { run: resetParameterGroup, resource: parameterGroupArn },
    ...logActions,
  },
  downloads: logDownloads,
};

function describeParameters({ account }: Call, parameters: QueryParameters): XmlElements {
  refuseFilters(parameters);
  const group = requiredGroup(account, parameters);
  const source = parameters.get("Source");
  if (source !== undefined && !SOURCES.includes(source)) {
    throw invalidParameterValue(`Invalid parameter source: ${source}. Valid sources: ${SOURCES.join(", ")}`);
  }
  const described = parametersOf(group.family)
    .map((definition) => describeParameter(definition, group.values.get(definition.name)))
    .filter((parameter) => source === undefined || parameter.Source === source);
  const { records, marker } = pageOf(account, parameters, described, LIST_LIMITS);
  return { Parameters: { Parameter: records }, Marker: marker };
}

function describeParameter(
  definition: ParameterDefinition,
  setting: ParameterSetting | undefined,
): XmlElements {
  return {
    ParameterName: definition.name,
    ParameterValue: setting?.value ?? definition.defaultValue,
    Description: definition.description,
    Source: setting === undefined ? definition.source : "user",
    ApplyType: definition.applyType,
    DataType: definition.dataType,
    AllowedValues: definition.allowedValues,
    IsModifiable: definition.isModifiable,
    ApplyMethod: setting?.applyMethod ?? "pending-reboot",
  };
}

function modifyParameterGroup({ account, now }: Call, parameters: QueryParameters): XmlElements {
  const group = requiredGroup(account, parameters);
  const changes = changesOf(group, parameters);
  // All are checked before any is set: a refused call changes nothing.
  const settings = changes.map((change) => settingOf(group, change));
  settleParameters(account, now);
  for (const [name, setting] of settings) group.values.set(name, setting);
  startApplying(account, group, settings, now);
  if (settings.some(([, { applyMethod }]) => applyMethod === "pending-reboot")) {
    for (const instance of account.instances.values()) {
      if (instance.parameterGroup === group.name) instance.parameterApplyStatus = "pending-reboot";
    }
  }
  account.parameterFile?.save(account);
  return { DBParameterGroupName: group.name };
}

/** Takes the values of some parameters away, or of all those of the group unless it is told not to. */
function resetParameterGroup({ account, now }: Call, parameters: QueryParameters): XmlElements {
  const group = requiredGroup(account, parameters);
  const changes =
    (parameters.get("ResetAllParameters") ?? "true") === "true" ? allOf(group) : changesOf(group, parameters);
  const resets = changes.map((change) => {
    const { name, applyMethod } = changeOf(group, change);
    return [name, { value: undefined, applyMethod }] as [string, { value: undefined; applyMethod: string }];
  });
  settleParameters(account, now);
  for (const [name] of resets) group.values.delete(name);
  startApplying(account, group, resets, now);
  account.parameterFile?.save(account);
  return { DBParameterGroupName: group.name };
}

function allOf(group: ParameterGroup): QueryParameters[] {
  if (isDefaultGroup(group.name)) throw invalidParameterValue("Cannot modify a default parameter group.");
  return [...group.values].map(
    ([name, { applyMethod }]) =>
      new Map([
        ["ParameterName", name],
        ["ApplyMethod", applyMethod],
      ]),
  );
}

function changesOf(group: ParameterGroup, parameters: QueryParameters): QueryParameters[] {
  if (isDefaultGroup(group.name)) throw invalidParameterValue("Cannot modify a default parameter group.");
  const changes = listOf(parameters, "Parameters.Parameter");
  if (changes.length === 0) throw mustBeProvided("Parameters");
  if (changes.length > MAX_PARAMETERS_PER_CALL) {
    throw invalidParameterValue(
      `At most ${MAX_PARAMETERS_PER_CALL} parameters can be modified in a single request, not ${changes.length}.`,
    );
  }
  return changes;
}

function settingOf(
  group: ParameterGroup,
  change: QueryParameters,
): [name: string, setting: ParameterSetting] {
  const value = required(change, "ParameterValue");
  const { name, applyMethod, definition } = changeOf(group, change);
  if (!isAllowedValue(definition, value)) {
    throw invalidParameterValue(
      `Invalid parameter value: ${value} for: ${name} allowed values are: ${definition.allowedValues ?? "a number"}`,
    );
  }
  return [name, { value, applyMethod }];
}

/** What a change says of the parameter itself, if it can be changed so. */
function changeOf(
  group: ParameterGroup,
  change: QueryParameters,
): Pick<ParameterSetting, "applyMethod"> & { name: string; definition: ParameterDefinition } {
  const name = required(change, "ParameterName");
  const applyMethod = required(change, "ApplyMethod");
  const definition = parametersOf(group.family).find((candidate) => candidate.name === name);
  if (definition === undefined) throw invalidParameterValue(`Could not find parameter with name: ${name}`);
  if (!definition.isModifiable) throw invalidParameterValue(`The parameter ${name} cannot be modified.`);
  if (applyMethod !== "immediate" && applyMethod !== "pending-reboot") {
    throw invalidParameterValue(`Invalid apply method: ${applyMethod}. Must be immediate or pending-reboot.`);
  }
  if (applyMethod === "immediate" && definition.applyType === "static") {
    throw queryError(
      "InvalidParameterCombination",
      400,
      "cannot use immediate apply method for static parameter",
    );
  }
  return { name, applyMethod, definition };
}

function requiredGroup(account: Account, parameters: QueryParameters): ParameterGroup {
  const name = required(parameters, "DBParameterGroupName");
  const group = account.parameterGroups.get(name);
  if (group === undefined) {
    throw queryError("DBParameterGroupNotFound", 404, `DBParameterGroup not found: ${name}`);
  }
  return group;
}

function parameterGroupArn({ account }: Call, parameters: QueryParameters): string {
  return arn(account, "pg", parameters.get("DBParameterGroupName") ?? "*");
}
