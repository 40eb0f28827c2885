/** When pictures of the controller are made: on steps alone, few, each for a step whose line is written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ControllerState } from './controller-state.js'
import { type Snapshot, Surfaces } from './surfaces.js'

const layout = { tangents: 0, entropy: 1, dS: 2, dH: 3, length: 4 }
const lane = { lane: 0, examples: 1, evidence: Float32Array.of(1, 0, 1, 0) }
const begin = () => new ControllerState({ layout, rule: { rate: 0.1, clip: 0 }, lanes: 1 }, { phi: new Float32Array(1) })

/** A run of `epochs` whose controller learns in every step; cut and resumed after each step in `cuts`. */
function picturesOf(epochSteps: number, epochs: number, cuts: readonly number[] = []): Snapshot[] {
  const state = begin()
  const all: Snapshot[] = []
  const resume = () => new Surfaces(state, epochSteps, all.at(-1), (snapshot) => all.push(snapshot))
  let surfaces = resume()
  surfaces.begin()
  for (let step = 1; step <= epochSteps * epochs; step++) {
    state.update([lane], 0)
    surfaces.learned(step)
    surfaces.committed(step)
    if (cuts.includes(step)) {
      surfaces = resume()
      surfaces.begin()
    }
    if (step % epochSteps === 0) surfaces.finish(step)
  }
  return all
}

test('about 25 in the first epoch, about 60 in ten, denser at the beginning; the first is of step 0, each epoch ends with one', () => {
  for (const epochSteps of [300, 5000]) {
    const one = picturesOf(epochSteps, 1).map(({ step }) => step)
    assert.ok(one.length >= 20 && one.length <= 30, `${one.length}`)
    assert.equal(one[0], 0)
    const ten = picturesOf(epochSteps, 10)
    assert.ok(ten.length >= 50 && ten.length <= 75, `${ten.length}`)
    for (let epoch = 1; epoch <= 10; epoch++) assert.ok(ten.some(({ step, version }) => step === epoch * epochSteps && version === step))
    assert.deepEqual(
      ten.slice(0, one.length - 1).map(({ step }) => step),
      one.slice(0, -1),
    )
  }
})

test('resumed or not, the same pictures', () => {
  const wanted = picturesOf(200, 3)
  assert.deepEqual(picturesOf(200, 3, [1, 7, 33, 199, 200, 350]), wanted)
})

test('a picture has phi as it was learned, although the controller has gone on when its step is written', () => {
  const state = begin()
  const kept: Snapshot[] = []
  const surfaces = new Surfaces(state, 60, { step: 0, version: 0 }, (snapshot) => kept.push(snapshot))
  state.update([lane], 0)
  const first = state.phi.slice()
  surfaces.learned(1)
  state.update([lane], 0)
  surfaces.learned(2)
  surfaces.committed(1)
  surfaces.committed(2)
  assert.deepEqual(kept, [{ step: 1, version: 1, phi: first }])
})

test('a controller that does not learn is shown once', () => {
  const kept: Snapshot[] = []
  const surfaces = new Surfaces(begin(), 60, undefined, (snapshot) => kept.push(snapshot))
  surfaces.begin()
  for (const step of [60, 120]) surfaces.finish(step)
  assert.deepEqual(
    kept.map(({ step, version }) => [step, version]),
    [[0, 0]],
  )
})
