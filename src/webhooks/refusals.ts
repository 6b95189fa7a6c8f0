import { ApiError, refusal } from "../http/refusals.ts";

/** What is refused of webhooks and their deliveries. */
export const refuseWebhook = {
  webhookNotFound: refusal(404, "Webhook not found"),
  deliveryNotFound: refusal(404, "Delivery not found"),
  deliveryPending: refusal(409, "This delivery is pending: it is sent without being asked for"),
  webhookIdle: refusal(409, "This webhook is paused or was switched off: resume it first"),
  webhookChangedMeanwhile: refusal(
    409,
    "Webhook was changed by somebody else just now: look at it and try again",
  ),
  webhookHasNoAddress: refusal(409, "address: this webhook sends e-mails, and has a recipient instead"),
  webhookNotSigned: refusal(409, "Nothing is signed of this webhook: it has no secret"),
  recipientNotReachable: refusal(
    400,
    "recipient: must be the id of a member of the environment whose e-mail address is verified",
  ),
  kindNeedsMail: refusal(409, "kind: this service sends no e-mail. Ask its operator, or use another kind"),
} as const;

/** Of a webhook that an environment has no place for: it may have `limit`. */
export const tooManyWebhooks = (limit: number): ApiError =>
  new ApiError(409, `Environment has ${limit} webhooks, which is the most it may have: delete one first`);
