/** What may have happened on the other side; an HTTP status alone does not say it. */
export type FailureKind =
  | "config" // a person must edit a file, a secret or the account
  | "over-budget" // the client's money or posts for the period are spent
  | "rate-limited" // the service said when to come back
  | "unavailable" // the request certainly had no effect
  | "rejected" // the service understood the request and refused it
  | "out-of-credit" // the service wants money; it concerns every client
  | "outcome-unknown"; // the request left and no clear answer came back

/** The outside world failed. Decide by `kind`, never by the message. Messages carry no secret, prompt or header. */
export class PostingError extends Error {
  override readonly name = "PostingError";
  readonly kind: FailureKind;
  /** When the service said to come back; only for rate limits. */
  readonly retryAt: Date | undefined;
  /** Set when it is about the X app, and so about every client of that app. */
  readonly concerns: "app" | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    options: { cause?: unknown; retryAt?: Date; concerns?: "app" | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.retryAt = options.retryAt;
    this.concerns = options.concerns;
  }
}

/** The command line, a setting or a file is wrong. `main.ts` prints the message and exits 1, or 2 for wrong usage. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
