import type { ClusterRole } from "../../environments/cluster-role.ts";
import { ENGINES } from "../../environments/engines.ts";
import type { ListedInstance } from "../api/types.ts";

/** An engine as people call it, with its version. */
export const engineName = (engine: string, version: string): string =>
  `${ENGINES[engine]?.label ?? engine} ${version}`;

/** What an instance is in its cluster, in words. */
export const roleName = (role: ClusterRole): string => (role === "writer" ? "Writer" : "Reader");

/** How many instances were found, in words. */
export const foundInWords = (count: number): string =>
  count === 0 ? "No instances" : count === 1 ? "1 instance" : `${count} instances`;

/**
 * Instances in the order in which they are offered: the members of a cluster stand together, its writer first.
 * @param text of which each has a part in its name, its cluster's or its group's
 */
export function offered(
  instances: readonly ListedInstance[],
  text: string,
): { capturable: ListedInstance[]; others: ListedInstance[] } {
  const sought = text.trim().toLowerCase();
  const place = ({ instance, cluster, role }: ListedInstance) =>
    `${cluster ?? instance}\n${role === "writer" ? 0 : 1}\n${instance}`;
  const found = instances
    .filter(({ instance, cluster, parameterGroup }) =>
      [instance, cluster ?? "", parameterGroup].some((name) => name.toLowerCase().includes(sought)),
    )
    .toSorted((one, other) => (place(one) < place(other) ? -1 : 1));
  return {
    capturable: found.filter(({ capturable }) => capturable),
    others: found.filter(({ capturable }) => !capturable),
  };
}
