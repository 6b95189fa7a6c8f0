import { ApiError, tooManyRequests } from "../../http/refusals.ts";
import type { ErrorBody } from "../../http/replies.ts";
import { WRONG_CODES } from "./limits.ts";
import type { DeviceErrorCode } from "./replies.ts";

/** A refusal that a program knows by its code (RFC 8628, section 3.5; RFC 6749, section 5.2). */
export class DeviceRefusal extends ApiError {
  readonly #error: DeviceErrorCode;

  constructor(error: DeviceErrorCode, message: string) {
    super(400, message);
    this.#error = error;
  }

  override get body(): ErrorBody {
    return { ...super.body, error: this.#error } as ErrorBody;
  }
}

/** Why a program is handed no key. */
export const refuseKey = {
  pending: () => new DeviceRefusal("authorization_pending", "Nobody has approved or denied this yet"),
  /** @param interval how many seconds are to be between two polls from now on */
  tooFast: (interval: number) =>
    new DeviceRefusal("slow_down", `Asked again too soon: wait ${interval} seconds each time`),
  denied: () => new DeviceRefusal("access_denied", "This login was denied"),
  expired: () => new DeviceRefusal("expired_token", "This login has expired: begin another one"),
  unknown: () =>
    new DeviceRefusal(
      "invalid_grant",
      "device_code: is not known for this client_id, or its key was handed over already",
    ),
};

/**
 * Of too many wrong user codes.
 * @param max how many are let through
 */
export const tooManyWrongCodes = (max: number, headers: Record<string, string> = {}): ApiError =>
  tooManyRequests(max, "wrong codes", WRONG_CODES.seconds, headers);
