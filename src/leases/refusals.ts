import { MAX_HOLDERS } from "./holders.ts";
import type { LeaseFailure } from "./reconcile.ts";

/*
 * Why a lease itself refuses a capture: AWS was not asked.
 */

/** The lease of a capture that was released while it was asked for. */
export const RELEASED: LeaseFailure = {
  kind: "rejected",
  code: "LeaseReleased",
  operation: null,
  message: "The capture's lease was given back while it was asked for",
  action: "rds:ModifyDBParameterGroup",
};

/** No room for another capture. */
export const FULL: LeaseFailure = {
  kind: "rejected",
  code: "TooManyCaptures",
  operation: null,
  message: `The log of the parameter group is needed by ${MAX_HOLDERS} captures already, which is the most`,
  action: "rds:ModifyDBParameterGroup",
};

/** The lease of a capture that D1 does not have. */
export const UNKNOWN: LeaseFailure = {
  kind: "rejected",
  code: "UnknownCapture",
  operation: null,
  message: "The capture does not exist any more",
  action: "rds:DescribeDBParameters",
};
