/** Which logs a capture is made of: of one kind, or of both side by side. */
export const LOG_CHOICES = ["general", "slow", "both"] as const;
/** Which logs a capture is made of. */
export type LogChoice = (typeof LOG_CHOICES)[number];
