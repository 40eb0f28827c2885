/** One update against the formulas written out in float64 without any of the code's shortcuts, and what happens where they are not defined. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { philox, philoxKey } from '../../model/philox.js'
import type { EvidenceLayout } from '../../model/plan.js'
import { ControllerState, type LaneEvidence, type LearningRule } from './controller-state.js'

const size = 7
const lanes = 8
const layout: EvidenceLayout = { tangents: 0, entropy: 1, dS: 2, dH: 2 + size, length: 2 + 2 * size }
const rule = { rate: 0.003, entropy: 0.02, clip: 1 }
const key = philoxKey(3n, 'controller-state test')

/** In (-1, 1), float32. */
const draw = (i: number, j: number) => Math.fround((philox([i, j, 0, 0], key)[0] / 2 ** 32) * 2 - 1)

function evidenceOf(step: number, scale = 1, absent: readonly number[] = []): LaneEvidence[] {
  return Array.from({ length: lanes }, (_, lane) => {
    if (absent.includes(lane)) return { lane, examples: 0, evidence: new Float32Array(0) }
    const evidence = Float32Array.from({ length: layout.length }, (_, i) => draw(step * lanes + lane, i) * (i >= layout.dH ? 40 : scale))
    evidence[0] = 20 + 5 * Math.abs(evidence[0]!)
    return { lane, examples: 60 + lane, evidence }
  })
}

const start = () => Float32Array.from({ length: size }, (_, i) => draw(999, i))
const stateOf = (rules: Partial<LearningRule> = {}, phi = start()) => new ControllerState({ layout, rule: { ...rule, ...rules }, lanes }, { phi })

/** Plain: sums in the order of lanes, one number after the other. */
function reference(steps: LaneEvidence[][], { rate, entropy, clip }: typeof rule): Float32Array {
  const phi = start()
  const [m, v] = [new Float32Array(size), new Float32Array(size)]
  steps.forEach((evidence, i) => {
    const sum = (at: number) => evidence.reduce((total, { evidence: e, examples }) => total + (examples > 0 ? e[at]! : 0), 0)
    const examples = evidence.reduce((total, lane) => total + lane.examples, 0)
    let g = Array.from(phi, (_, j) => sum(layout.dS + j) / sum(layout.tangents) - (entropy * sum(layout.dH + j)) / examples)
    const norm = Math.hypot(...g)
    if (clip > 0 && norm > clip) g = g.map((value) => (value * clip) / norm)
    for (let j = 0; j < size; j++) {
      const m1 = 0.9 * m[j]! + 0.1 * g[j]!
      const v1 = 0.999 * v[j]! + 0.001 * g[j]! ** 2
      phi[j]! -= (rate * (m1 / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v1 / (1 - 0.999 ** (i + 1))) + 1e-8)
      m[j] = m1
      v[j] = v1
    }
  })
  return phi
}

/** Both round to float32 at the same places: a difference is one in the last bits of float64, at most one float32 step of phi. */
function close(got: Float32Array, wanted: Float32Array): void {
  assert.equal(got.length, wanted.length)
  for (const [i, value] of wanted.entries())
    assert.ok(Math.abs(got[i]! - value) <= 2 ** -23 * Math.max(1, Math.abs(value)), `${i}: ${got[i]}, ${value}`)
}

test('updates are the formulas', () => {
  const steps = [0, 1, 2, 3].map((step) => evidenceOf(step))
  for (const rules of [rule, { ...rule, entropy: 0 }, { ...rule, clip: 0.001 }, { ...rule, clip: 0, rate: 0.1 }]) {
    const state = stateOf(rules)
    for (const evidence of steps) state.update(evidence, rules.entropy)
    close(state.phi, reference(steps, rules))
    assert.equal(state.version, 4)
  }
})

test('S goes down and the entropy up', () => {
  const evidence = evidenceOf(0).map(({ lane, examples }) => {
    const values = new Float32Array(layout.length)
    values[layout.tangents] = 1
    values[layout.dS] = 1
    values[layout.dH + 1] = 1
    return { lane, examples, evidence: values }
  })
  const state = stateOf()
  state.update(evidence, rule.entropy)
  assert.ok(state.phi[0]! < start()[0]! && state.phi[1]! > start()[1]!)
  assert.deepEqual(state.phi.subarray(2), start().subarray(2))
})

test('the order of reports changes no bit, the place of a lane in the tree may', () => {
  const evidence = evidenceOf(0)
  const [a, b] = [stateOf(), stateOf()]
  a.update(evidence, rule.entropy)
  b.update([...evidence].reverse(), rule.entropy)
  assert.deepEqual(a.phi, b.phi)
})

test('a lane without examples is absent: its numbers do not count, whatever they are', () => {
  const absent = [0, 3, 6, 7]
  const state = stateOf()
  state.update(evidenceOf(0, 1, absent), rule.entropy)
  close(state.phi, reference([evidenceOf(0, 1, absent)], rule))
})

test('without any lane with examples nothing is learned', () => {
  const state = stateOf()
  state.update(evidenceOf(0, 1, [0, 1, 2, 3, 4, 5, 6, 7]), rule.entropy)
  assert.deepEqual([state.version, state.phi], [0, start()])
})

test('without any |t| only the entropy counts', () => {
  const silent = evidenceOf(0).map((lane) => {
    const evidence = lane.evidence.slice()
    evidence[layout.tangents] = 0
    return { ...lane, evidence }
  })
  const only = silent.map((lane) => {
    const evidence = lane.evidence.slice().fill(0, layout.dS, layout.dH)
    evidence[layout.tangents] = 1
    return { ...lane, evidence }
  })
  const state = stateOf()
  state.update(silent, rule.entropy)
  close(state.phi, reference([only], rule))
})

test('evidence that is not finite fails the run and changes nothing', () => {
  for (const [at, value] of [
    [layout.dS, Number.NaN],
    [layout.dH + 3, Number.POSITIVE_INFINITY],
    [layout.tangents, Number.POSITIVE_INFINITY],
    [layout.tangents, Number.NaN],
  ] as const) {
    const evidence = evidenceOf(0)
    evidence[5]!.evidence[at] = value
    const state = stateOf()
    assert.throws(() => state.update(evidence, rule.entropy), { kind: 'config', code: 'controller-not-finite', message: /loss\.controller\.rate/ })
    assert.deepEqual([state.version, state.phi, state.m], [0, start(), new Float32Array(size)])
  }
})

test('lanes that are missing, double or of another size are a broken run', () => {
  const [first, ...rest] = evidenceOf(0)
  for (const evidence of [rest, [...rest, rest[0]!], [...rest, { ...first!, lane: 8 }], [...rest, { ...first!, evidence: new Float32Array(3) }]])
    assert.throws(() => stateOf().update(evidence, rule.entropy), { kind: 'broken', code: 'controller-evidence' })
})
