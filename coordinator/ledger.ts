/**
 * The row ledger of an epoch: read = trained + rejected + held out, held out = validation + test, checked against the line counts of the index,
 * which the feed knows nothing of. `drawn` stands beside it: validation examples that a controller was shown.
 */
import type { ManifestLedger } from '../common/checkpoint/manifest.js'
import { brokenError } from '../common/errors.js'

export type Ledger = ManifestLedger

export const emptyLedger = (epoch: number): Ledger => ({
  epoch,
  read: 0,
  trained: 0,
  rejected: 0,
  heldOut: 0,
  validation: 0,
  test: 0,
  drawn: 0,
  balanced: false,
})

/** Rows of the training files that belong to other splits. */
export interface HeldOut {
  validation: number
  test: number
}

/** After a commit. */
export function addRows(ledger: Ledger, rows: { trained: number; rejected: number; drawn?: number } & HeldOut): Ledger {
  const { trained, rejected, validation, test, drawn = 0 } = rows
  return {
    ...ledger,
    read: ledger.read + trained + rejected + validation + test,
    trained: ledger.trained + trained,
    rejected: ledger.rejected + rejected,
    heldOut: ledger.heldOut + validation + test,
    validation: ledger.validation + validation,
    test: ledger.test + test,
    drawn: ledger.drawn + drawn,
  }
}

/**
 * At the end of an epoch. `lines` is what the index counted in the training files, `heldOut` those of them that belong to pieces of other
 * splits (split by time) and so were never handed to the feed. Broken, ledger-unbalanced, when rows are missing or came twice.
 */
export function balanceLedger(ledger: Ledger, lines: number, heldOut: HeldOut): Ledger {
  const closed = addRows(ledger, { trained: 0, rejected: 0, ...heldOut })
  if (closed.read !== lines)
    throw brokenError(
      'ledger-unbalanced',
      `[ledger] epoch ${ledger.epoch}: wanted ${lines} rows, got ${closed.trained} trained + ${closed.rejected} rejected + ${closed.validation} validation + ${closed.test} test = ${closed.read}`,
    )
  return { ...closed, balanced: true }
}
