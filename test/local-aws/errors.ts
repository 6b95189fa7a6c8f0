/** An error that AWS reports to its caller, in terms that both protocols can express. */
export class AwsError extends Error {
  /** The code in a Query reply and in `x-amzn-query-error`, such as `Throttling`. */
  readonly code: string;
  /** The HTTP status of a Query reply. */
  readonly status: number;
  /** The shape in a JSON reply's `__type`, such as `com.amazon.coral.service#ThrottlingException`. */
  readonly jsonType: string;
  /** The HTTP status of a JSON reply: JSON services answer most of their callers' mistakes with 400. */
  readonly jsonStatus: number;
  /** The value of a `retry-after` header, if AWS should send one. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, kind: ErrorKind, retryAfterSeconds?: number) {
    super(message);
    this.name = "AwsError";
    this.code = kind.code;
    this.status = kind.status;
    this.jsonType = kind.jsonType ?? `com.amazon.coral.service#${kind.code}`;
    this.jsonStatus = kind.jsonStatus ?? kind.status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

interface ErrorKind {
  code: string;
  status: number;
  jsonType?: string;
  jsonStatus?: number;
}

/** An error that only a Query service has: its code, its status and its message. */
export function queryError(code: string, status: number, message: string): AwsError {
  return new AwsError(message, { code, status });
}

/**
 * The ValidationError of a Query service whose model has constraints, as STS's and IAM's.
 * @param value null where there is none
 */
export function constraintError(member: string, value: string | null, constraint: string): AwsError {
  const found = value === null ? "null" : `'${value}'`;
  const message = `Value ${found} at '${member}' failed to satisfy constraint: Member must ${constraint}`;
  return queryError("ValidationError", 400, `1 validation error detected: ${message}`);
}

/** Each function makes one of the errors that all AWS services share, under its name in either protocol. */
export const commonErrors = {
  missingAuthentication: () =>
    new AwsError("Request is missing Authentication Token", {
      code: "MissingAuthenticationToken",
      status: 403,
      jsonType: "com.amazon.coral.service#MissingAuthenticationTokenException",
      jsonStatus: 400,
    }),
  incompleteSignature: (message: string) =>
    new AwsError(message, {
      code: "IncompleteSignature",
      status: 403,
      jsonType: "com.amazon.coral.service#IncompleteSignatureException",
      jsonStatus: 400,
    }),
  invalidToken: () =>
    new AwsError("The security token included in the request is invalid.", {
      code: "InvalidClientTokenId",
      status: 403,
      jsonType: "com.amazon.coral.service#UnrecognizedClientException",
      jsonStatus: 400,
    }),
  expiredToken: () =>
    new AwsError("The security token included in the request is expired", {
      code: "ExpiredToken",
      status: 403,
      jsonType: "com.amazon.coral.service#ExpiredTokenException",
      jsonStatus: 400,
    }),
  wrongSignature: (message: string) =>
    new AwsError(message, {
      code: "SignatureDoesNotMatch",
      status: 403,
      jsonType: "com.amazon.coral.service#InvalidSignatureException",
      jsonStatus: 400,
    }),
  accessDenied: (message: string) =>
    new AwsError(message, {
      code: "AccessDenied",
      status: 403,
      jsonType: "com.amazon.coral.service#AccessDeniedException",
      jsonStatus: 400,
    }),
  throttling: (retryAfterSeconds?: number) =>
    new AwsError(
      "Rate exceeded",
      { code: "Throttling", status: 400, jsonType: "com.amazon.coral.service#ThrottlingException" },
      retryAfterSeconds,
    ),
  internalFailure: (retryAfterSeconds?: number) =>
    new AwsError(
      "The request processing has failed because of an unknown error, exception or failure.",
      { code: "InternalFailure", status: 500 },
      retryAfterSeconds,
    ),
  serviceUnavailable: (retryAfterSeconds?: number) =>
    new AwsError(
      "Service Unavailable. Please try again later.",
      {
        code: "ServiceUnavailable",
        status: 503,
        jsonType: "com.amazon.coral.service#ServiceUnavailableException",
      },
      retryAfterSeconds,
    ),
  unknownAction: (message: string) =>
    new AwsError(message, {
      code: "InvalidAction",
      status: 400,
      jsonType: "com.amazon.coral.service#UnknownOperationException",
      jsonStatus: 404,
    }),
  malformedBody: (message: string) =>
    new AwsError(message, {
      code: "MalformedInput",
      status: 400,
      jsonType: "com.amazon.coral.service#SerializationException",
    }),
  bodyTooLarge: (limitBytes: number) =>
    new AwsError(`Request size exceeded the limit of ${limitBytes} bytes.`, {
      code: "RequestEntityTooLarge",
      status: 413,
      jsonType: "com.amazon.coral.service#RequestEntityTooLargeException",
    }),
};
