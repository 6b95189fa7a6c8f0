import type { JsonStyle, JsonValue } from "./json.ts";
import type { XmlElements } from "./query.ts";
import type { XmlStyle } from "./xml-style.ts";

/** What may stand where AWS's references call an element optional: nothing, or an element without a text. */
export const MISSING = ["absent", "empty"] as const;
type Missing = (typeof MISSING)[number];

/** What DownloadDBLogFilePortion's Marker may be; some of them only where no more data is pending. */
export const PORTION_MARKERS = ["present", "absent", "empty", "absent-at-end", "empty-at-end"] as const;

/** What GetMetricData's NextToken may be on the last page. */
export const LAST_TOKENS = ["absent", "empty", "null"] as const;

/** What DescribeDBLogFiles may leave out. */
export const FILE_DETAILS = ["LastWritten", "Size"] as const;

/** A parameter group that DescribeDBInstances lists beside the instance's own. */
export interface OtherGroup {
  name: string;
  status: string;
}

/**
 * How an account's replies look, as far as AWS's references leave it open: what is optional may be missing, and the same reply can
 * be written in many ways.
 */
export interface Dress {
  portionMarker: (typeof PORTION_MARKERS)[number];
  /** What each file of DescribeDBLogFiles lacks. */
  withoutFileDetails: readonly (typeof FILE_DETAILS)[number][];
  /** Whether DescribeDBInstances and DescribeDBClusters list nothing, whatever is asked for. */
  isListEmpty: boolean;
  /** Further parameter groups of each instance, listed before and after its own. */
  groupsBefore: readonly OtherGroup[];
  groupsAfter: readonly OtherGroup[];
  /** What stands for the value of a parameter that has none. */
  noValue: Missing;
  /** What stands where other pages of RDS's lists have a Marker. */
  lastMarker: Missing;
  lastToken: (typeof LAST_TOKENS)[number];
  xml: readonly XmlStyle[];
  json: readonly JsonStyle[];
}

/** As AWS is known to answer. */
export const PLAIN: Dress = {
  portionMarker: "present",
  withoutFileDetails: [],
  isListEmpty: false,
  groupsBefore: [],
  groupsAfter: [],
  noValue: "absent",
  lastMarker: "absent",
  lastToken: "absent",
  xml: [],
  json: [],
};

/** The result of an action of RDS without what the dress leaves out, and with what it adds. */
export function dressElements(action: string, result: XmlElements, dress: Dress): XmlElements {
  switch (action) {
    case "DownloadDBLogFilePortion":
      return dressPortion(result, dress);
    case "DescribeDBLogFiles": {
      const path = ["DescribeDBLogFiles", "DescribeDBLogFilesDetails"] as const;
      const left = new Set<string>(dress.withoutFileDetails);
      return dressList(result, dress, path, (file) =>
        Object.fromEntries(Object.entries(file).filter(([name]) => !left.has(name))),
      );
    }
    case "DescribeDBInstances":
      return dressList(result, dress, ["DBInstances", "DBInstance"], (instance) => ({
        ...instance,
        DBParameterGroups: moreGroups(instance.DBParameterGroups as XmlElements, dress),
      }));
    case "DescribeDBClusters":
      return dressList(result, dress, ["DBClusters", "DBCluster"], (cluster) => cluster);
    case "DescribeDBParameters":
      return dressList(result, dress, ["Parameters", "Parameter"], (parameter) =>
        dress.noValue === "empty"
          ? { ...parameter, ParameterValue: parameter.ParameterValue ?? "" }
          : parameter,
      );
    default:
      return result;
  }
}

/** The result of GetMetricData in the dress. */
export function dressMetricData(result: JsonValue, { lastToken }: Dress): JsonValue {
  const { NextToken, ...rest } = result as { NextToken?: JsonValue };
  if (NextToken !== undefined || lastToken === "absent") return result;
  return { ...rest, NextToken: lastToken === "null" ? null : "" };
}

function dressPortion(result: XmlElements, { portionMarker }: Dress): XmlElements {
  const [what, atEnd] = portionMarker.split("-at-");
  if (what === "present" || (atEnd !== undefined && result.AdditionalDataPending === true)) return result;
  const { Marker: _marker, ...rest } = result;
  return what === "empty" ? { ...rest, Marker: "" } : rest;
}

/** A list's page: each of its items changed, and with what stands for a Marker if it is the last one. */
function dressList(
  result: XmlElements,
  dress: Dress,
  [listName, itemName]: readonly [list: string, item: string],
  change: (item: XmlElements) => XmlElements,
): XmlElements {
  const isLosing = dress.isListEmpty && /^DB(Instances|Clusters)$/.test(listName);
  const items = (result[listName] as Record<string, XmlElements[]>)[itemName] ?? [];
  const marker = result.Marker ?? (dress.lastMarker === "empty" ? "" : undefined);
  return {
    [listName]: isLosing ? {} : { [itemName]: items.map(change) },
    Marker: isLosing ? undefined : marker,
  };
}

function moreGroups(own: XmlElements, { groupsBefore, groupsAfter }: Dress): XmlElements {
  const described = ({ name, status }: OtherGroup): XmlElements => ({
    DBParameterGroupName: name,
    ParameterApplyStatus: status,
  });
  const before = groupsBefore.map(described);
  const after = groupsAfter.map(described);
  return { DBParameterGroup: [...before, own.DBParameterGroup as XmlElements, ...after] };
}
