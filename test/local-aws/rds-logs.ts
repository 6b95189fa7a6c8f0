import { type AwsError, queryError } from "./errors.ts";
import type { Instance } from "./instances.ts";
import { logFiles } from "./logging.ts";
import { LIVE_FILES, type LogSource, logNameOf } from "./logs/log-source.ts";
import {
  DEFAULT_BEHAVIOUR,
  MAX_PORTION_LINES,
  newestPortion,
  type Portion,
  type PortionBehaviour,
  portionFrom,
  TRUNCATION_NOTICE,
} from "./logs/portion.ts";
import { makeToken, readToken } from "./paging.ts";
import type { QueryParameters, XmlElements } from "./query.ts";
import {
  arn,
  invalidMarker,
  invalidParameterValue,
  pageOf,
  refuseFilters,
  required,
  requiredInstance,
} from "./rds-request.ts";
import type { Action, Call, Download } from "./service.ts";

/** RDS documents no limits for DescribeDBLogFiles, and takes more than the 100 of its other lists. */
const FILE_LIMITS = { least: 1, most: 1_000 };
const STREAM_CHUNK_BYTES = 256 * 1024;
/** An instance in one of these states has no host, and so no files. */
const HOSTLESS = ["creating", "deleting", "failed", "starting", "stopped"];

/** Where the next portion of a log file begins. */
interface Position {
  /** Which hour's file it was, whatever its name is by now. */
  hour: number;
  offset: number;
}

/** The account and the instance whose log is asked for, for which alone its markers are valid, and how portions are answered. */
interface PortionRequest {
  of: readonly string[];
  behaviour: PortionBehaviour;
}

const resource = ({ account }: Call, parameters: QueryParameters) =>
  arn(account, "db", parameters.get("DBInstanceIdentifier") ?? "*");

/** The actions of RDS that are about log files. */
export const logActions: Record<
  "DescribeDBLogFiles" | "DownloadDBLogFilePortion",
  Action<QueryParameters, XmlElements>
> = {
  DescribeDBLogFiles: { run: describeLogFiles, resource },
  DownloadDBLogFilePortion: { run: downloadPortion, resource },
};

/** The whole of a log file, which no SDK has: RDS's REST interface. */
export const logDownloads: Record<"DownloadCompleteDBLogFile", Download> = {
  DownloadCompleteDBLogFile: {
    path: /^\/v13\/downloadCompleteLogFile\/(?<DBInstanceIdentifier>[^/?]+)\/(?<LogFileName>[^?]+)$/,
    run: (call, parameters) => {
      const instance = reachableInstance(call, parameters);
      const file = requiredFile(logFiles(call.account, instance, call.now), parameters);
      return file.stream(STREAM_CHUNK_BYTES);
    },
    resource,
  },
};

function describeLogFiles(call: Call, parameters: QueryParameters): XmlElements {
  refuseFilters(parameters);
  const instance = reachableInstance(call, parameters);
  const contained = parameters.get("FilenameContains") ?? "";
  const writtenSince = wholeNumber(parameters, "FileLastWritten") ?? 0;
  const largerThan = wholeNumber(parameters, "FileSize") ?? -1;
  const files = logFiles(call.account, instance, call.now).filter(
    ({ name, lastWritten, size }) =>
      name.includes(contained) && lastWritten >= writtenSince && size > largerThan,
  );
  const { records, marker } = pageOf(call.account, parameters, files, FILE_LIMITS);
  return {
    DescribeDBLogFiles: {
      DescribeDBLogFilesDetails: records.map(({ name, lastWritten, size }) => ({
        LogFileName: name,
        LastWritten: lastWritten,
        Size: size,
      })),
    },
    Marker: marker,
  };
}

function downloadPortion(call: Call, parameters: QueryParameters): XmlElements {
  const instance = reachableInstance(call, parameters);
  const all = logFiles(call.account, instance, call.now);
  const named = requiredFile(all, parameters);
  // The hours of the other log's files mean nothing to this one's markers.
  const files = all.filter(({ name }) => logNameOf(name) === logNameOf(named.name));
  const lines = linesOf(parameters);
  const behaviour = call.account.portionBehaviour.get(instance.identifier) ?? DEFAULT_BEHAVIOUR;
  const request = { of: [call.account.id, instance.identifier], behaviour };
  const marker = parameters.get("Marker");
  if (marker === undefined || marker === "") {
    return reply(request, newestPortion(named, lines), named, named.hour);
  }
  if (marker === "0") return reply(request, portionFrom(named, 0, lines), named, liveHour(files) ?? 0);
  const position = readToken(request.of, marker);
  if (!isPosition(position)) throw invalidMarker();
  return isLive(named)
    ? followLive(request, files, named, position, lines)
    : // A renamed file's markers bear the live file's hour, and which hour they bear doesn't matter here.
      reply(request, portionFrom(named, position.offset, lines), named, liveHour(files) ?? 0);
}

/**
 * What RDS does with a marker of the live file, as people found it: the marker knows its hour. Right after the hour's
 * change it goes on in the renamed file and from its end to the new one; after a second change it stays at the end of
 * the renamed file for ever; and when that file is lost, the marker is taken for one of the new file.
 */
function followLive(
  request: PortionRequest,
  files: readonly LogSource[],
  live: LogSource,
  { hour, offset }: Position,
  lines: number,
): XmlElements {
  const renamed = files.find((file) => file.hour === hour && file !== live && file.hour !== 0);
  if (hour === live.hour || renamed === undefined) {
    return reply(request, portionFrom(live, offset, lines), live, live.hour);
  }
  const portion = portionFrom(renamed, offset, lines);
  const newer = files.filter((file) => file.hour > hour).length;
  const isDrained = portion.end >= renamed.size;
  if (!isDrained || newer > 1) return reply(request, portion, renamed, hour);
  return {
    ...reply(request, portion, renamed, hour),
    Marker: makeToken(request.of, { hour: live.hour, offset: 0 } satisfies Position),
    ...pending(request, live.size > 0),
  };
}

/** @param hour the hour that the marker bears */
function reply(request: PortionRequest, portion: Portion, source: LogSource, hour: number): XmlElements {
  const { refusesBinary, controls } = request.behaviour;
  if (refusesBinary && portion.bytes.includes(0)) {
    throw invalidParameterValue("This file contains binary data and should be downloaded instead of viewed.");
  }
  return {
    LogFileData: xmlText(portion.bytes, controls) + (portion.isCut ? TRUNCATION_NOTICE : ""),
    Marker: makeToken(request.of, { hour, offset: portion.end } satisfies Position),
    ...pending(request, portion.end < source.size),
  };
}

function pending({ behaviour }: PortionRequest, isPending: boolean): XmlElements {
  if (behaviour.pending === "absent") return {};
  return { AdditionalDataPending: behaviour.pending === "true-or-false" && isPending };
}

/** XML has no bytes, and not all characters: what is not UTF-8, and what XML can't say, is replaced. */
function xmlText(bytes: Buffer, controls: PortionBehaviour["controls"]): string {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  if (controls === "referenced") return text;
  return text.replace(/[[\p{Cc}\ufffe\uffff]--[\t\n\r\x7f-\x9f]]/gv, "\ufffd");
}

function reachableInstance({ account }: Call, parameters: QueryParameters): Instance {
  const instance = requiredInstance(account, parameters);
  if (!HOSTLESS.includes(instance.status)) return instance;
  throw queryError("DBInstanceNotReady", 400, `DBInstance ${instance.identifier} is not ready.`);
}

function requiredFile(files: readonly LogSource[], parameters: QueryParameters): LogSource {
  const name = required(parameters, "LogFileName");
  const file = files.find((candidate) => candidate.name === name);
  if (file === undefined) throw fileNotFound(name);
  return file;
}

/** What RDS says of a log file that is not there. */
export function fileNotFound(name: string): AwsError {
  return queryError("DBLogFileNotFoundFault", 404, `DBLog File: ${name}, is not found on the DB instance`);
}

function liveHour(files: readonly LogSource[]): number | undefined {
  return files.find(isLive)?.hour;
}

function isLive({ name }: LogSource): boolean {
  const log = logNameOf(name);
  return log !== undefined && name === LIVE_FILES[log];
}

/** More lines than RDS gives are no error: it gives what it has. */
function linesOf(parameters: QueryParameters): number {
  const lines = wholeNumber(parameters, "NumberOfLines") ?? MAX_PORTION_LINES;
  if (lines < 1) throw invalidParameterValue(`Invalid value ${lines} for NumberOfLines. Must be at least 1`);
  return Math.min(lines, MAX_PORTION_LINES);
}

function wholeNumber(parameters: QueryParameters, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw invalidParameterValue(`Invalid value ${text} for ${name}.`);
  return Number(text);
}

function isPosition(value: unknown): value is Position {
  return typeof value === "object" && value !== null && "hour" in value && "offset" in value;
}
