/** Random instructions against Philox as its paper writes it, in whole numbers of any size. */
import assert from 'node:assert/strict'
import { Hand, test } from './hand-program.test.support.js'

const mask32 = 0xffffffffn

/** Philox4x32-10 as the paper writes it, in whole numbers of any size. */
function philox(counter: bigint[], low: bigint, high: bigint): bigint[] {
  let c = counter
  for (let round = 0; round < 10; round++) {
    const [p0, p1] = [0xd2511f53n * c[0]!, 0xcd9e8d57n * c[2]!]
    c = [(p1 >> 32n) ^ c[1]! ^ low, p1 & mask32, (p0 >> 32n) ^ c[3]! ^ high, p0 & mask32]
    low = (low + 0x9e3779b9n) & mask32
    high = (high + 0xbb67ae85n) & mask32
  }
  return c
}

function philoxKey(seed: bigint, purpose: string): [bigint, bigint] {
  const wrap = (x: bigint) => BigInt.asUintN(64, x)
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(purpose)) hash = wrap((hash ^ BigInt(byte)) * 0x100000001b3n)
  let x = wrap((seed ^ hash) + 0x9e3779b97f4a7c15n)
  x = wrap((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n)
  x = wrap((x ^ (x >> 27n)) * 0x94d049bb133111ebn)
  x ^= x >> 31n
  return [x & mask32, x >> 32n]
}

test('dropout_mask and uniform are Philox by seed, purpose, step, lane, example and unit', () => {
  assert.deepEqual(philox([0n, 0n, 0n, 0n], 0n, 0n), [0x6627e8d5n, 0xe169c58dn, 0xbc57ac4cn, 0x9b00dbd8n]) // the paper's known answer
  const [seed, step, lane, rate] = [7, 2 ** 33 + 5, 6, 0.3]
  for (const width of [1, 5, 64, 131, 523]) {
    const hand = new Hand()
    hand.code.push({ op: 'dropout_mask', out: hand.output('mask', width), width, rate, purpose: 'dropout/hidden1' })
    hand.code.push({ op: 'uniform', out: hand.output('uniform', width), width, purpose: 'dropout/hidden1' })
    const { mask: got, uniform: open } = hand.run(9, { seed, step, lane }).outputs as { mask: Float32Array; uniform: Float32Array }
    const [low, high] = philoxKey(BigInt(seed), 'dropout/hidden1')
    for (let example = 0; example < 9; example++) {
      for (let unit = 0; unit < width; unit++) {
        const words = philox([BigInt(unit >> 2), BigInt(example), BigInt(step) & mask32, BigInt(lane) | (2n << 16n)], low, high)
        const uniform = Number(words[unit % 4]! >> 8n) * 2 ** -24
        assert.equal(got[example * width + unit], uniform < rate ? 0 : Math.fround(1 / (1 - rate)), `${width}: example ${example}, unit ${unit}`)
        assert.equal(open[example * width + unit], (Number(words[unit % 4]! >> 9n) + 0.5) * 2 ** -23)
      }
    }
  }
})
