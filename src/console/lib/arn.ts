/** The account in a role's ARN; null where there is none. */
export const accountOf = (roleArn: string): string | null =>
  /^arn:[^:]*:iam::(\d{12}):/.exec(roleArn)?.[1] ?? null;
