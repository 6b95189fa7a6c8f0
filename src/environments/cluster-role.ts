/*
 * Writer and readers: what an instance is in its cluster. Knows nothing of Workers: the console uses it too.
 */

/** What an instance is in its cluster. */
export type ClusterRole = "writer" | "reader";

/** An instance of a cluster, as far as its role is concerned. */
interface Member {
  instance: string;
  isWriter: boolean;
}

/** What a member of a cluster is there. */
export const roleOf = ({ isWriter }: Pick<Member, "isWriter">): ClusterRole =>
  isWriter ? "writer" : "reader";

/**
 * What an instance is in a cluster; null where RDS does not list it as a member.
 * @param instance its identifier; RDS has identifiers in lower case, however somebody has written them
 */
export function roleIn({ members }: { members: readonly Member[] }, instance: string): ClusterRole | null {
  const found = members.find((member) => member.instance === instance.toLowerCase());
  return found === undefined ? null : roleOf(found);
}
