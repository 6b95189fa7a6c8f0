import type { Account } from "./accounts.ts";
import { queryError } from "./errors.ts";
import { type Instance, isDefaultGroup, type ParameterGroup, type ParameterSetting } from "./instances.ts";
import { makeToken, readToken } from "./paging.ts";
import { isAllowedValue, type ParameterDefinition, parametersOf } from "./parameters.ts";
import { listOf, type QueryParameters, type XmlElements } from "./query.ts";
import type { Call, QueryService } from "./service.ts";

const MAX_PARAMETERS_PER_CALL = 20;
const MIN_RECORDS = 20;
const MAX_RECORDS = 100;
const ENDPOINT_PORTS: Record<string, number> = { postgres: 5432 };
const MYSQL_PORT = 3306;
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
    DescribeDBInstances: {
      run: describeInstances,
      resource: ({ account }, parameters) =>
        arn(account, "db", parameters.get("DBInstanceIdentifier") ?? "*"),
    },
    DescribeDBParameters: { run: describeParameters, resource: parameterGroupArn },
    ModifyDBParameterGroup: { run: modifyParameterGroup, resource: parameterGroupArn },
  },
};

function describeInstances({ account }: Call, parameters: QueryParameters): XmlElements {
  refuseFilters(parameters);
  const identifier = parameters.get("DBInstanceIdentifier")?.toLowerCase();
  const instances = [...account.instances.values()]
    .filter((instance) => identifier === undefined || instance.identifier === identifier)
    .sort((a, b) => (a.identifier < b.identifier ? -1 : 1));
  if (identifier !== undefined && instances.length === 0) {
    throw queryError("DBInstanceNotFound", 404, `DBInstance ${identifier} not found.`);
  }
  const { records, marker } = pageOf(account, parameters, instances);
  return {
    DBInstances: { DBInstance: records.map((instance) => describeInstance(account, instance)) },
    Marker: marker,
  };
}

function describeInstance(account: Account, instance: Instance): XmlElements {
  const { identifier } = instance;
  return {
    DBInstanceIdentifier: identifier,
    DBInstanceClass: instance.instanceClass,
    Engine: instance.engine,
    DBInstanceStatus: instance.status,
    MasterUsername: "admin",
    Endpoint: {
      Address: `${identifier}.c${account.id}.${account.region}.rds.amazonaws.com`,
      Port: ENDPOINT_PORTS[instance.engine] ?? MYSQL_PORT,
      HostedZoneId: "Z2R2ITUGPM61AM",
    },
    AllocatedStorage: instance.allocatedStorage,
    InstanceCreateTime: "2024-01-01T00:00:00.000Z",
    PreferredBackupWindow: "03:00-03:30",
    BackupRetentionPeriod: 7,
    DBSecurityGroups: {},
    VpcSecurityGroups: {
      VpcSecurityGroupMembership: { VpcSecurityGroupId: "sg-0123456789abcdef0", Status: "active" },
    },
    DBParameterGroups: {
      DBParameterGroup: {
        DBParameterGroupName: instance.parameterGroup,
        ParameterApplyStatus: instance.parameterApplyStatus,
      },
    },
    AvailabilityZone: `${account.region}a`,
    PreferredMaintenanceWindow: "sun:04:00-sun:04:30",
    MultiAZ: false,
    EngineVersion: instance.engineVersion,
    AutoMinorVersionUpgrade: true,
    StorageType: "gp2",
    StorageEncrypted: true,
    DbiResourceId: `db-${identifier.toUpperCase().replace(/[^A-Z0-9]/g, "")}${account.id}`,
    PubliclyAccessible: false,
    DBInstanceArn: arn(account, "db", identifier),
  };
}

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
  const { records, marker } = pageOf(account, parameters, described);
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

function modifyParameterGroup({ account }: Call, parameters: QueryParameters): XmlElements {
  const group = requiredGroup(account, parameters);
  if (isDefaultGroup(group.name)) throw invalidParameterValue("Cannot modify a default parameter group.");
  const changes = listOf(parameters, "Parameters.Parameter");
  if (changes.length === 0) throw mustBeProvided("Parameters");
  if (changes.length > MAX_PARAMETERS_PER_CALL) {
    throw invalidParameterValue(
      `At most ${MAX_PARAMETERS_PER_CALL} parameters can be modified in a single request, not ${changes.length}.`,
    );
  }
  // All are checked before any is set: a refused call changes nothing.
  const settings = changes.map((change) => settingOf(group, change));
  for (const [name, setting] of settings) group.values.set(name, setting);

  if (settings.some(([, { applyMethod }]) => applyMethod === "pending-reboot")) {
    for (const instance of account.instances.values()) {
      if (instance.parameterGroup === group.name) instance.parameterApplyStatus = "pending-reboot";
    }
  }
  return { DBParameterGroupName: group.name };
}

function settingOf(
  group: ParameterGroup,
  change: QueryParameters,
): [name: string, setting: ParameterSetting] {
  const name = required(change, "ParameterName");
  const value = required(change, "ParameterValue");
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
  if (!isAllowedValue(definition, value)) {
    throw invalidParameterValue(
      `Invalid parameter value: ${value} for: ${name} allowed values are: ${definition.allowedValues ?? "a number"}`,
    );
  }
  return [name, { value, applyMethod }];
}

/** The page that MaxRecords and Marker ask for, and the marker of the next one if there is more. */
function pageOf<Item>(
  account: Account,
  parameters: QueryParameters,
  items: readonly Item[],
): { records: Item[]; marker: string | undefined } {
  const maxRecords = parameters.get("MaxRecords") ?? String(MAX_RECORDS);
  const size = Number(maxRecords);
  if (!/^\d{1,9}$/.test(maxRecords) || size < MIN_RECORDS || size > MAX_RECORDS) {
    throw invalidParameterValue(
      `Invalid value ${maxRecords} for MaxRecords. Must be between ${MIN_RECORDS} and ${MAX_RECORDS}`,
    );
  }
  const request = [
    account.id,
    ...[...parameters].filter(([name]) => name !== "Marker" && name !== "MaxRecords"),
  ];
  const marker = parameters.get("Marker");
  const start = marker === undefined || marker === "" ? 0 : readToken(request, marker);
  if (typeof start !== "number") throw invalidParameterValue("The marker is not valid for this request.");
  const end = start + size;
  return {
    records: items.slice(start, end),
    marker: end < items.length ? makeToken(request, end) : undefined,
  };
}

function requiredGroup(account: Account, parameters: QueryParameters): ParameterGroup {
  const name = required(parameters, "DBParameterGroupName");
  const group = account.parameterGroups.get(name);
  if (group === undefined) {
    throw queryError("DBParameterGroupNotFound", 404, `DBParameterGroup not found: ${name}`);
  }
  return group;
}

/** Filters are not implemented: to ignore one would answer with what nobody asked for. */
function refuseFilters(parameters: QueryParameters): void {
  if ([...parameters.keys()].some((name) => name.startsWith("Filters."))) {
    throw invalidParameterValue("The local AWS does not support Filters.");
  }
}

function required(parameters: QueryParameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined || value === "") throw mustBeProvided(name);
  return value;
}

function parameterGroupArn({ account }: Call, parameters: QueryParameters): string {
  return arn(account, "pg", parameters.get("DBParameterGroupName") ?? "*");
}

function arn(account: Account, kind: "db" | "pg", name: string): string {
  return `arn:aws:rds:${account.region}:${account.id}:${kind}:${name}`;
}

function mustBeProvided(name: string) {
  return invalidParameterValue(`The parameter ${name} must be provided and must not be blank.`);
}

function invalidParameterValue(message: string) {
  return queryError("InvalidParameterValue", 400, message);
}
