import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileCells, pieces } from './file-cells.js'
import { ledgerState } from './ledger-words.js'

const ledger = { epoch: 1, read: 100, trained: 70, rejected: 5, heldOut: 25, balanced: true, validation: 20, test: 5, drawn: 0 }

test('the ledger balances, does not yet, or rows are missing', () => {
  assert.deepEqual(ledgerState(ledger, 75), { difference: 0, good: true, words: 'balances: every row is accounted for' })
  const open = { ...ledger, read: 45, trained: 40, heldOut: 0, balanced: false }
  assert.equal(ledgerState(open, 1075).words, 'not yet: 1,030 rows of this epoch are still to be read')
  assert.equal(ledgerState({ ...open, read: 75, trained: 70 }, 75).words, 'not yet: the epoch is being closed')
  assert.deepEqual(ledgerState({ ...ledger, read: 103 }, 75), { difference: 3, good: false, words: '3 rows missing' })
})

test('a strip has one piece for neighbours that are alike', () => {
  const file = { path: 'a.tsv', rows: 40, rowsDone: 15, read: [1, 1, 0.5, 0, 0, 0], heldOut: [0, 0, 0, 0, 1, 1] }
  assert.deepEqual(pieces(fileCells(file)), [
    { from: 0, to: 2, read: 1, heldOut: 0 },
    { from: 2, to: 3, read: 0.5, heldOut: 0 },
    { from: 3, to: 4, read: 0, heldOut: 0 },
    { from: 4, to: 6, read: 0, heldOut: 1 },
  ])
})
