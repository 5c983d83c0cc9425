/** @file The one error type. Each room declares its own codes in `<room>/errors.ts` with `defineError`; docs/errors.md lists them all (a test holds it). */

/** Process exit codes, documented in docs/cli.md. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, data: 3, gate: 4, target: 5, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error that a user can act on: `message` names the thing, the value seen and the value wanted; `mend` is the next step. */
export class SlipwayError extends Error {
  override readonly name = "SlipwayError";
  /** Stable and never reused, for example `SLIPWAY_DATA_EMPTY`. */
  readonly code: string;
  readonly mend: string;
  /** HTTP status where the error reaches a caller of the server. */
  readonly status: number;
  readonly exit: ExitCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(fields: {
    code: string;
    message: string;
    mend: string;
    status?: number;
    exit?: ExitCode;
    details?: object;
    cause?: unknown;
  }) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.mend = fields.mend;
    this.status = fields.status ?? 500;
    this.exit = fields.exit ?? exitCodes.failed;
    this.details = { ...fields.details };
  }

  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      mend: this.mend,
      ...(Object.keys(this.details).length > 0 && { details: this.details }),
    };
  }
}

export interface ErrorDefinition<P extends object> {
  message: (params: P) => string;
  mend: (params: P) => string;
  status?: number;
  exit?: ExitCode;
}

/** A maker of one kind of error. `maker.code` is what tests and docs compare with. */
export interface ErrorMaker<P extends object> {
  (params: P, options?: { cause?: unknown }): SlipwayError;
  readonly code: string;
  readonly definition: ErrorDefinition<P>;
}

/** Declares one error: `export const dataEmpty = defineError<{ path: string }>("SLIPWAY_DATA_EMPTY", { message, mend })`. */
export function defineError<P extends object>(code: string, definition: ErrorDefinition<P>): ErrorMaker<P> {
  const make = (params: P, options?: { cause?: unknown }): SlipwayError =>
    new SlipwayError({
      code,
      message: definition.message(params),
      mend: definition.mend(params),
      details: params,
      ...(definition.status !== undefined && { status: definition.status }),
      ...(definition.exit !== undefined && { exit: definition.exit }),
      ...(options?.cause !== undefined && { cause: options.cause }),
    });
  return Object.assign(make, { code, definition });
}

/** What is thrown need not be an error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The first SlipwayError along the chain of causes, so that a code survives wrapping. */
export function findSlipwayError(error: unknown): SlipwayError | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 16; at = at.cause, depth++) {
    if (at instanceof SlipwayError) return at;
  }
  return undefined;
}
