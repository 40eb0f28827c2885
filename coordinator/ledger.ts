/** The row ledger of an epoch: read = trained + rejected + held out, checked against the line counts of the index, which the feed knows nothing of. */
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

/** After a commit. */
export function addRows(ledger: Ledger, rows: { trained: number; rejected: number; heldOut: number }): Ledger {
  const { trained, rejected, heldOut } = rows
  return {
    ...ledger,
    read: ledger.read + trained + rejected + heldOut,
    trained: ledger.trained + trained,
    rejected: ledger.rejected + rejected,
    heldOut: ledger.heldOut + heldOut,
  }
}

/**
 * At the end of an epoch. `lines` is what the index counted in the training files, `heldOut` those of them that belong to pieces of other
 * splits (split by time) and so were never handed to the feed. Broken, ledger-unbalanced, when rows are missing or came twice.
 */
export function balanceLedger(ledger: Ledger, lines: number, heldOut: number): Ledger {
  const closed = addRows(ledger, { trained: 0, rejected: 0, heldOut })
  if (closed.read !== lines)
    throw brokenError(
      'ledger-unbalanced',
      `[ledger] epoch ${ledger.epoch}: wanted ${lines} rows, got ${closed.trained} trained + ${closed.rejected} rejected + ${closed.heldOut} held out = ${closed.read}`,
    )
  return { ...closed, balanced: true }
}
