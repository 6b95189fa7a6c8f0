import { awsTarget } from "../../aws/client.ts";
import { downloadLogPortion, listLogFiles } from "../../aws/rds-logs.ts";
import type { Env } from "../../env.ts";
import { askAs, type EnvironmentAccess } from "../../environments/credentials.ts";
import type { LogKind, ParsedAs } from "../../logs/kind.ts";
import type { LogSource } from "../../logs/reader.ts";

/** An instance whose log is read, and the credentials that reach it. */
export interface LoggingInstance extends EnvironmentAccess {
  /** The instance's identifier. */
  instance: string;
}

/** A log of an instance, read from RDS with the credentials of its environment. */
export function awsLogSource<T extends ParsedAs>(
  env: Env,
  kind: LogKind<T>,
  { instance, ...access }: LoggingInstance,
): LogSource<T> {
  const target = awsTarget(env, access.region);
  const ask = <T>(question: Parameters<typeof askAs<T>>[3]) => askAs(env, access, Date.now(), question);
  return {
    kind,
    list: () => ask((keys) => listLogFiles(target, keys, instance, kind.folder)),
    portion: (file, marker, lines) =>
      ask((keys) =>
        downloadLogPortion(target, keys, instance, file, {
          marker,
          ...(lines === undefined ? {} : { lines }),
        }),
      ),
  };
}
