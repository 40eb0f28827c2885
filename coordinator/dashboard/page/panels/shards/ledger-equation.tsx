/** read = trained + rejected + held out, in numbers, and whether it holds. */
import { count } from '../../format-number.js'
import type { RunDescription } from '../../messages.js'
import { ledgerState } from './ledger-words.js'

export function LedgerEquation({ ledger, rows }: { ledger: NonNullable<RunDescription['ledger']>; rows: number }) {
  const { good, words, difference } = ledgerState(ledger, rows)
  const { read, trained, rejected, heldOut, validation, test, drawn } = ledger
  return (
    <div class="ledger">
      <p class="equation">
        <Term name="read" value={read} />
        <Sign text="=" />
        <Term name="trained" value={trained} />
        <Sign text="+" />
        <Term name="rejected" value={rejected} warn={rejected > 0} />
        <Sign text="+" />
        <Term name="held out" value={heldOut} />
        <strong class={`tag ${good ? 'good' : difference === 0 ? 'calm' : 'bad'}`}>{words}</strong>
      </p>
      {heldOut > 0 && (
        <p class="faint small">
          held out: {count(validation)} for validation, {count(test)} for test
        </p>
      )}
      {drawn > 0 && <p class="faint small">{count(drawn)} validation examples were shown to the controller</p>}
    </div>
  )
}

function Term({ name, value, warn = false }: { name: string; value: number; warn?: boolean }) {
  return (
    <span class={warn ? 'term warn' : 'term'}>
      <b>{count(value)}</b> <span>{name}</span>
    </span>
  )
}

const Sign = ({ text }: { text: string }) => <span class="sign">{text}</span>
