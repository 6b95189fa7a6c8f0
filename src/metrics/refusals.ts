import { ApiError, refusal } from "../http/refusals.ts";

/** What is refused of metrics. */
export const refuseMetrics = {
  metricsUnreadable: refusal(
    500,
    "The stored metrics of this capture can't be read, and CloudWatch has forgotten them; the request id helps to find out why",
  ),
} as const;

/** Where a capture's metrics are read: from CloudWatch, or from the service's own archive. */
export type PointSource = "cloudwatch" | "archive";

/** Of metrics in a finer period than there is: that of the `finest` points, in seconds. */
export const periodTooFine = (source: PointSource, finest: number): ApiError => {
  const whose =
    source === "archive" ? "this capture's metrics are stored" : "CloudWatch has this capture's metrics";
  return new ApiError(400, `period: ${whose} in multiples of ${finest} seconds only`);
};

/** Of metrics that would be more points than one reply has. */
export const tooManyPoints = (max: number): ApiError =>
  new ApiError(400, `period: makes more than ${max} points; ask for a longer period or fewer types`);
