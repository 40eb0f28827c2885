/** What watchers get, on a clock that the test moves: how many steps, which ones, and what becomes of a client that is slow, late, or one of many. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { type TestContext, test } from 'node:test'
import { type RunEvent, RunEvents } from './run-events.js'
import { Watchers } from './watch.js'

/** A client's stream as the service sees it. `takes`: how many events it has room for. */
class FakeCall extends EventEmitter {
  readonly got: RunEvent[] = []
  readonly errors: { details: string }[] = []
  readonly request: { fromStep: number; history: number; stepsPerSecond: number }
  takes = Number.POSITIVE_INFINITY
  ended = false

  constructor(request: Partial<FakeCall['request']> = {}) {
    super()
    this.request = { fromStep: 0, history: 0, stepsPerSecond: 0, ...request }
    this.on('error', (error) => this.errors.push(error))
  }

  write(event: RunEvent): boolean {
    this.got.push(event)
    return --this.takes > 0
  }

  end(): void {
    this.ended = true
  }

  /** It has read what was sent, and has room for more. */
  drain(takes = Number.POSITIVE_INFINITY): void {
    this.takes = takes
    this.emit('drain')
  }

  get steps(): number[] {
    return this.got.flatMap(({ step }) => step?.step ?? [])
  }
}

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const events = new RunEvents()
  let end: () => void = () => undefined
  const watchers = new Watchers(events, new Promise<void>((resolve) => (end = resolve)))
  let last = 0
  return {
    events,
    finish: async () => {
      end()
      await Promise.resolve()
      await Promise.resolve()
    },
    watch: (call: FakeCall) => {
      watchers.add(call as never)
      return call
    },
    /** Steps at `perSecond` for so long. */
    train: (seconds: number, perSecond: number) => {
      for (let i = 0; i < seconds * perSecond; i++) {
        events.emit({ step: stepOf(++last) })
        t.mock.timers.tick(1000 / perSecond)
      }
      return last
    },
  }
}

const zeros = { epoch: 1, loss: 1, examples: 1, examplesPerSecond: 1, rowsDone: 1, validationLoss: 0, validationExamples: 0 }
const stepOf = (step: number) => ({ step, ...zeros, ranks: [], weights: [], losses: [] })
const ascending = (steps: readonly number[]) => steps.every((step, i) => i === 0 || step > steps[i - 1]!)

test('as many steps a second as asked for, whatever the pace of the run; the newest always among them', (t) => {
  const { watch, train, events } = setUp(t)
  const [one, ten, all] = [1, 0, 10_000].map((stepsPerSecond) => watch(new FakeCall({ stepsPerSecond })))
  train(5, 1000)
  t.mock.timers.tick(1000)
  assert.ok(one!.steps.length >= 5 && one!.steps.length <= 7, `${one!.steps}`)
  assert.ok(ten!.steps.length >= 45 && ten!.steps.length <= 52, `${ten!.steps}`)
  assert.deepEqual(
    all!.steps,
    Array.from({ length: 5000 }, (_, i) => i + 1),
  )
  for (const call of [one!, ten!]) assert.ok(ascending(call.steps) && call.steps.at(-1) === 5000)
  // A slow run is shown step by step.
  const before = ten!.steps.length
  train(5, 2)
  t.mock.timers.tick(1000)
  assert.equal(ten!.steps.length, before + 10)
  events.phase('saving')
  assert.equal(one!.steps.at(-1), 5010)
})

test('everything but steps comes at once and in order; a phase after the last step before it', async (t) => {
  const { watch, train, events, finish } = setUp(t)
  const call = watch(new FakeCall({ stepsPerSecond: 0.001 }))
  events.phase('training')
  train(1, 50)
  events.log('info', 'hello')
  assert.equal(call.got.at(-1)!.log!.message, 'hello')
  events.emit({ reject: { file: 'log.tsv', line: 7, reason: 'no label' } })
  events.phase('saving')
  assert.deepEqual(
    call.got.slice(-4).map(({ kind }) => kind),
    ['log', 'reject', 'step', 'phase'],
  )
  assert.equal(call.steps.at(-1), 50)
  train(0.1, 50)
  await finish()
  assert.ok(call.ended)
  assert.equal(call.steps.at(-1), 55)
})

test('a late client: history first, thinned, from the step it names; then what follows, nothing twice and nothing left out', async (t) => {
  const { watch, train, events, finish } = setUp(t)
  events.phase('training')
  train(3, 1000)
  const early = watch(new FakeCall({ stepsPerSecond: 10_000 }))
  train(0.1, 1000)
  const late = watch(new FakeCall({ history: 5000, stepsPerSecond: 10_000 }))
  train(0.1, 1000)
  const thinned = watch(new FakeCall({ fromStep: 1000, history: 100 }))
  const afterwards = watch(new FakeCall({ fromStep: 4000 }))
  await finish()
  assert.deepEqual(
    late.steps,
    Array.from({ length: 3200 }, (_, i) => i + 1),
  )
  assert.equal(late.got[0]!.phase!.phase, 'training')
  assert.ok(early.steps.length > 500 && early.steps.length <= 1200 && early.steps.at(-1) === 3200 && ascending(early.steps))
  assert.ok(thinned.steps.length > 50 && thinned.steps.length <= 100 && thinned.steps[0]! === 1000 && thinned.steps.at(-1) === 3200)
  assert.deepEqual(afterwards.steps, [])
  assert.ok([early, late, thinned, afterwards].every(({ ended }) => ended))
  // After the end there is history, and no more.
  const tooLate = watch(new FakeCall())
  assert.ok(tooLate.ended && tooLate.steps.at(-1) === 3200)
})

test('a client that does not read loses waiting steps first, then the stream; the others notice nothing', async (t) => {
  const { watch, train, events } = setUp(t)
  const [slow, other] = [new FakeCall({ stepsPerSecond: 1000 }), new FakeCall({ stepsPerSecond: 1000 })]
  slow.takes = 1
  watch(slow)
  watch(other)
  train(20, 1000)
  t.mock.timers.tick(1000)
  assert.deepEqual([slow.errors.length, slow.got.length], [0, 1])
  assert.equal(other.steps.length, 20_000)
  slow.drain()
  assert.ok(slow.steps.length <= 202 && slow.steps.at(-1) === 20_000 && ascending(slow.steps), `${slow.steps.length} steps`)
  slow.takes = 0
  events.log('info', 'the last that is written')
  for (let i = 0; i < 1500; i++) events.log('info', String(i))
  assert.match(slow.errors[0]!.details, /events wait for this client/)
  assert.equal(other.got.filter(({ log }) => log != null).length, 1501)
})

test('many clients: each gets all that is no step; one that goes is forgotten, and without any there is no timer', (t) => {
  const { watch, train, events } = setUp(t)
  const calls = Array.from({ length: 100 }, () => watch(new FakeCall()))
  train(1, 100)
  calls[0]!.emit('cancelled')
  events.log('info', 'after it')
  assert.ok(calls[0]!.got.every(({ kind }) => kind === 'step') && calls[0]!.steps.length >= 8)
  for (const { got, steps } of calls.slice(1)) assert.ok(got.at(-1)!.log!.message === 'after it' && steps.length >= 8 && steps.length <= 12)
  for (const call of calls) call.emit('cancelled')
  const before = calls[1]!.got.length
  train(1, 100)
  assert.equal(calls[1]!.got.length, before)
})
