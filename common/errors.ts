/**
 * Every error a user can meet. Retry code looks at `kind` only; people and scripts look at `code`.
 * A message says what was wanted and what was got. docs/errors.md lists the codes.
 */
export type ErrorKind =
  | 'config' // the user's mistake: job, arguments, data. Exit code 2
  | 'refused' // the other side will not have us: version, membership. Exit code 3
  | 'transient' // the same call may work later: network, a lost worker. Exit code 3
  | 'broken' // a bug or a broken machine. Exit code 1

export class LossmithError extends Error {
  readonly kind: ErrorKind
  readonly code: string

  constructor(kind: ErrorKind, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LossmithError'
    this.kind = kind
    this.code = code
  }
}

export const configError = (code: string, message: string) => new LossmithError('config', code, message)
export const refusedError = (code: string, message: string) => new LossmithError('refused', code, message)
export const transientError = (code: string, message: string) => new LossmithError('transient', code, message)
export const brokenError = (code: string, message: string) => new LossmithError('broken', code, message)
