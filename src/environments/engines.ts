import { GENERAL_LOG_SWITCH } from "../logs/general/switch.ts";
import { SLOW_LOG_SWITCH, type SlowLogSwitch } from "../logs/slow/switch.ts";

/*
 * What is known of each engine of RDS that can be captured. To accept another, describe it here, then follow the tests. This knows
 * nothing of Workers: the API's description and the console use it too.
 *
 * CloudWatch is asked for all of metrics/cloudwatch-metrics.ts, whatever the engine; a metric that an engine does not publish has
 * no points.
 */

/** An engine of RDS. */
export interface Engine {
  /** What people call it. */
  label: string;
  /** How its general log is switched on. */
  generalLog: typeof GENERAL_LOG_SWITCH;
  /** How its slow log is switched on, and what else can be set for it. */
  slowLog: SlowLogSwitch;
}

/** The engines that can be captured, by RDS's names. */
export const ENGINES: Readonly<Record<string, Engine>> = {
  mysql: { label: "MySQL", generalLog: GENERAL_LOG_SWITCH, slowLog: SLOW_LOG_SWITCH.mysql },
  mariadb: { label: "MariaDB", generalLog: GENERAL_LOG_SWITCH, slowLog: SLOW_LOG_SWITCH.mariadb },
};

/** Whether the workload of an engine of RDS can be captured. */
export const canCapture = (engine: string): boolean => Object.hasOwn(ENGINES, engine);

/** The engines that can be captured in words, such as `MySQL and MariaDB`. */
export function engineLabels(word: "and" | "or"): string {
  return inWords(
    Object.values(ENGINES).map(({ label }) => label),
    word,
  );
}

/** RDS's names of the engines that can be captured, as a description quotes them. */
export function engineNames(): string {
  return inWords(
    Object.keys(ENGINES).map((name) => `\`${name}\``),
    "or",
  );
}

function inWords(items: string[], word: string): string {
  return [items.slice(0, -1).join(", "), items.at(-1)].filter(Boolean).join(` ${word} `);
}
