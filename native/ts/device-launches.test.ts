/** What a device launches for a program: lookups together, a sum and a sum of squares in one pass; and that the numbers stay those of the CPU. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Buffer, Instruction } from '../../model/program.js'
import { loadNative } from './binding.js'
import { testDevices } from './devices.test.support.js'
import { assertClose, B, Hand, ids, numbers, unary } from './hand-program.test.support.js'

const native = loadNative()

/** Beside the CPU; a GPU, or its kernels emulated. */
const device = testDevices[1]!

test('a device looks up all tables in one launch and groups ids once, however many tables they are of', { skip: testDevices.length < 2 }, () => {
  const hand = new Hand()
  const [t, u] = [hand.table('t'), hand.table('u')]
  const [i, d] = [hand.input('ids', 2, { dtype: 'i64' }), hand.input('d', 6)]
  const looked = hand.arena(2)
  const negated = hand.arena(2)
  const later = hand.arena(6)
  // What the second lookup writes lies where a buffer of the instruction before it lay.
  hand.buffers[later] = { ...hand.buffers[later]!, offset: (hand.buffers[looked] as { offset: number }).offset } as Buffer
  hand.code.push({ op: 'lookup', table: t, plane: 'weight', ids: i, out: looked, fields: 2, width: 1 })
  hand.code.push(unary('neg', looked, negated, 2), unary('neg', negated, hand.output('first', 2), 2))
  hand.code.push(
    { op: 'lookup', table: u, plane: 'weight', ids: i, out: later, fields: 2, width: 3 },
    unary('neg', later, hand.output('second', 6), 6),
  )
  hand.code.push({ op: 'lookup_grad', table: u, ids: i, d, fields: 2, width: 3 })
  hand.code.push({ op: 'lookup_grad', table: t, ids: i, d: hand.input('e', 2), fields: 2, width: 1 })
  const tables = { t: { rows: 3, width: 1, values: numbers(3) }, u: { rows: 3, width: 3, values: numbers(9, 2) } }
  const inputs = { ids: ids([2, 0, 2, 1]), d: numbers(12), e: numbers(4, 3) }
  const wanted = hand.run(2, { inputs, tables }, { device: 'cpu' })
  assert.deepEqual(hand.run(2, { inputs, tables }, { device }), wanted)
  const { launches } = native.profileProgram(hand.program, 2, { inputs, tables, parameters: {}, seed: 7, step: 3, lane: 2 }, { device, repeats: 2 })
  const what = launches.map(({ instruction }) => instruction).filter((text) => text !== 'wait for groups')
  assert.deepEqual(
    what.map((text) => text.split(/[ ,]/)[0]),
    ['group', 'lookup', 'elementwise', 'elementwise', 'elementwise', 'lookup_grad', 'lookup_grad'],
  )
  assert.equal(what[1], 'lookup B×2×1, lookup B×2×3')
})

test('a device sums x and its square in one launch, unless somebody needs what is spared', { skip: testDevices.length < 2 }, () => {
  const [F, D, batch] = [5, 8, 6]
  const sum = (x: number, out: number): Instruction => ({ op: 'reduce_sum', x, out, outer: B, length: F, inner: D })
  /** `between` stands between the square and its sum. */
  const launchesWith = (between: (hand: Hand, buffers: { x: number; square: number; sum: number }) => void): string[] => {
    const hand = new Hand()
    const given = hand.input('x', F * D)
    const [x, square, sumOfX] = [hand.arena(F * D), hand.arena(F * D), hand.arena(D)]
    hand.code.push(unary('neg', given, x, F * D), sum(x, sumOfX), unary('square', x, square, F * D))
    between(hand, { x, square, sum: sumOfX })
    hand.code.push(sum(square, hand.output('squares', D)), { ...sum(sumOfX, hand.output('sum', D)), length: 1 } as Instruction)
    const inputs = { x: numbers(batch * F * D) }
    const wanted = hand.run(batch, { inputs }, { device: 'cpu' })
    const got = hand.run(batch, { inputs }, { device })
    for (const name of hand.outputs) assertClose(got.outputs[name], wanted.outputs[name]!, 1e-6, name)
    const values = { inputs, tables: {}, parameters: {}, seed: 7, step: 3, lane: 2 }
    return native.profileProgram(hand.program, batch, values, { device, repeats: 1 }).launches.map(({ instruction }) => instruction)
  }
  const both = 'reduce_sum B×5×8, itself and squared'
  assert.deepEqual(launchesWith(() => {}).slice(1), [both, 'reduce_sum B×1×8'])
  const others = (launches: string[]) => launches.filter((text) => text.startsWith('reduce_sum B×5'))
  assert.deepEqual(others(launchesWith((hand, { square }) => hand.code.push(unary('neg', square, hand.output('other', F * D), F * D)))), [
    'reduce_sum B×5×8',
    'reduce_sum B×5×8',
  ])
  const early = (hand: Hand, { sum }: { sum: number }) =>
    hand.code.push({ op: 'concat', inputs: [sum], widths: [D], out: hand.output('early', D), outer: B })
  assert.deepEqual(others(launchesWith(early)), ['reduce_sum B×5×8', 'reduce_sum B×5×8 squared'])
  const overwritten = (hand: Hand, { x }: { x: number }) => {
    const later = hand.arena(F * D)
    hand.buffers[later] = { ...hand.buffers[later]!, offset: (hand.buffers[x] as { offset: number }).offset } as Buffer
    hand.code.push(unary('exp', 0, later, F * D), unary('neg', later, hand.output('later', F * D), F * D))
  }
  assert.deepEqual(others(launchesWith(overwritten)), ['reduce_sum B×5×8', 'reduce_sum B×5×8'])
})
