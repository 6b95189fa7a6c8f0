import { ROLES } from "../../db/roles.ts";
import type { Role } from "../api/types.ts";

/** What roles are called. */
export const ROLE_NAMES: Record<Role, string> = { admin: "Admin", member: "Member", viewer: "Viewer" };

/** All roles, to choose one. */
export const RoleOptions = () =>
  ROLES.map((role) => (
    <option key={role} value={role}>
      {ROLE_NAMES[role]}
    </option>
  ));
