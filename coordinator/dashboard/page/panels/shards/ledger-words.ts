/** The ledger of an epoch as an equation, and whether it holds already. */
import type { Ledger__Output as Ledger } from '../../../../../proto/generated/lossmith/v1/Ledger.js'

export interface LedgerState {
  /** read − (trained + rejected + held out): 0 always, unless rows are lost. */
  readonly difference: number
  readonly words: string
  readonly good: boolean
}

/** `rows`: training rows of an epoch. */
export function ledgerState({ read, trained, rejected, heldOut, balanced }: Ledger, rows: number): LedgerState {
  const difference = read - trained - rejected - heldOut
  if (difference !== 0)
    return { difference, good: false, words: `${Math.abs(difference).toLocaleString('en')} rows ${difference > 0 ? 'missing' : 'too many'}` }
  if (balanced) return { difference, good: true, words: 'balances: every row is accounted for' }
  const left = rows - trained - rejected
  const words = left > 0 ? `not yet: ${left.toLocaleString('en')} rows of this epoch are still to be read` : 'not yet: the epoch is being closed'
  return { difference, good: false, words }
}
