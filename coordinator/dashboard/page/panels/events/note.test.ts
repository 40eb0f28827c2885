import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Member, RunEvent } from '../../messages.js'
import { noteOf, shownNotes } from './note.js'

const events: RunEvent[] = [
  { unixMs: 1, kind: 'phase', phase: { phase: 'training', detail: 'epoch 1 from step 1' } },
  { unixMs: 2, kind: 'reject', reject: { file: '/logs/a.tsv', line: 12, reason: 'wanted 40 fields, got 3' } },
  { unixMs: 3, kind: 'log', log: { level: 'warn', message: 'worker-2 is slow' } },
  { unixMs: 4, kind: 'log', log: { level: 'info', message: 'computing on the CPU' } },
  { unixMs: 5, kind: 'phase', phase: { phase: 'failed', detail: 'worker-2 died' } },
  { unixMs: 6, kind: 'checkpoint', checkpoint: { name: 'step-00000005', step: 5, bytes: 10, unixMs: 6 } },
]

const texts = (shown: 'all' | 'warnings' | 'rejects', search = '', limit = 100) => shownNotes(events, shown, search, limit).map(({ text }) => text)

test('events, the newest first, at most so many', () => {
  assert.deepEqual(texts('all', '', 2), ['checkpoint step-00000005', 'failed: worker-2 died'])
  assert.equal(texts('all').length, 6)
})

test('warnings are everything that went wrong, rejects the malformed lines with their place', () => {
  assert.deepEqual(texts('warnings'), ['failed: worker-2 died', 'worker-2 is slow', 'wanted 40 fields, got 3'])
  assert.deepEqual(shownNotes(events, 'rejects', '', 10), [
    { unixMs: 2, kind: 'reject', level: 'warn', text: 'wanted 40 fields, got 3', place: '/logs/a.tsv:12' },
  ])
})

test('the search looks into texts and places, in any case', () => {
  assert.deepEqual(texts('all', 'A.TSV:12'), ['wanted 40 fields, got 3'])
  assert.deepEqual(texts('all', ' Worker-2 '), ['failed: worker-2 died', 'worker-2 is slow'])
})

test('a generation says who has which lanes, or how many there are', () => {
  const member = (rank: number) => ({ member: `w${rank}`, rank, firstLane: 2 * rank, laneCount: 2 - (rank % 2) }) as Member
  const said = (count: number) => {
    const members = Array.from({ length: count }, (_, rank) => member(rank))
    return noteOf({ unixMs: 1, kind: 'members', members: { generation: 3, members } })?.text
  }
  assert.equal(said(2), 'generation 3: w0 lanes 0–1, w1 lanes 2')
  assert.equal(said(10), 'generation 3: 10 workers, 15 lanes')
})
