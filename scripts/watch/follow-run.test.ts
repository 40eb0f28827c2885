/** Following a run that ends, fails, goes away and comes back, by Monitors that are played; and what the keys ask of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { refusedError, transientError } from '../../common/errors.js'
import type { ShownRun } from '../../coordinator/dashboard/shown-run.js'
import type { Monitor, RunDescription, RunEvent } from '../../coordinator/monitor/monitor-client.js'
import { followRun } from './follow-run.js'
import { RunKeys } from './keys.js'
import { description, phaseEvent, stepEvent } from './run-view.test-support.js'

/** `events` end with an error, or as a stream ends. */
function played(events: (RunEvent | Error)[], changes: Partial<RunDescription> = {}): Monitor {
  const no = async () => ({ accepted: false, reason: 'not now' })
  return {
    describe: async () => description(changes),
    async *watch() {
      for (const event of events) {
        if (event instanceof Error) throw event
        yield event
      }
    },
    progress: async () => ({ epoch: 0, files: [], lanes: [] }),
    ...{ pause: no, resume: no, checkpoint: no, stop: no, moveLanes: no, close: () => undefined },
  }
}

/** A run that answers by one Monitor after the other; an error: it does not answer. */
function runOf(answers: (Monitor | Error)[], stored?: Monitor): ShownRun {
  return {
    ...{ id: 'ads', kind: 'coordinator', label: 'ads', where: 'here' },
    coordinator: async () => {
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!
      return answer instanceof Error ? { reason: answer.message } : { monitor: answer }
    },
    stored: () => stored,
    stamp: () => '',
    close: () => undefined,
  }
}

async function follow(run: ShownRun, patienceMs = 60_000) {
  const told: string[] = []
  const outcome = await followRun({
    run,
    follower: {
      connected: (_, live) => told.push(live ? 'connected' : 'stored'),
      described: () => undefined,
      event: ({ step, phase }) => told.push(step ? `step ${step.step}` : phase!.phase),
      lost: (reason) => told.push(`lost: ${reason}`),
    },
    ...{ history: 10, patienceMs, signal: AbortSignal.timeout(20_000) },
  }).then(
    () => 'ended',
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  )
  return { told, outcome }
}

test('a run that is done ends the watch, one that failed with its error', async () => {
  assert.deepEqual(await follow(runOf([played([stepEvent(1), phaseEvent(0, 'done', 'stopped')])])), {
    told: ['connected', 'step 1', 'done'],
    outcome: 'ended',
  })
  const failed = await follow(runOf([played([phaseEvent(0, 'failed', 'disk full')])]))
  assert.equal(failed.outcome, 'run-failed: the run failed: disk full')
})

test('a directory is shown once; one that stopped in the middle is lost', async () => {
  const gone = new Error('no coordinator')
  assert.deepEqual(await follow(runOf([gone], played([stepEvent(1)], { phase: 'done' }))), { told: ['stored', 'step 1'], outcome: 'ended' })
  const middle = await follow(runOf([gone], played([stepEvent(300), phaseEvent(0, 'saving')])))
  assert.equal(middle.outcome, 'coordinator-lost: no coordinator; it stood in phase saving at step 300')
})

test('a run that is paused has no events and is heard all the same', { timeout: 60_000 }, async () => {
  const patienceMs = 4000
  const paused: Monitor = {
    ...played([]),
    async *watch() {
      yield phaseEvent(1, 'paused')
      await sleep(patienceMs + 500)
      throw transientError('rpc-unavailable', 'nobody listens')
    },
  }
  const { told, outcome } = await follow(runOf([paused, played([phaseEvent(1, 'done')])]), patienceMs)
  assert.deepEqual(told, ['connected', 'paused', 'lost: nobody listens', 'connected', 'done'])
  assert.equal(outcome, 'ended')
})

test('a run that was heard is waited for and followed again, also where its directory could be shown', async () => {
  const gone = transientError('rpc-unavailable', 'nobody listens')
  const back = played([stepEvent(1), stepEvent(2), phaseEvent(0, 'done')])
  const { told, outcome } = await follow(runOf([played([stepEvent(1), gone]), gone, back], played([])))
  assert.deepEqual(told, ['connected', 'step 1', 'lost: nobody listens', 'lost: nobody listens', 'connected', 'step 1', 'step 2', 'done'])
  assert.equal(outcome, 'ended')
  const end = await follow(runOf([played([stepEvent(1)]), gone]), 0)
  assert.match(end.outcome, /^coordinator-lost: here has not answered for 0 s: (its coordinator is gone|nobody listens)$/)
})

test('a run that was never heard, or that refuses, is not waited for', async () => {
  assert.match((await follow(runOf([new Error('nobody listens')]))).outcome, /^coordinator-lost: nobody listens$/)
  const refuses = played([refusedError('token-wrong', 'another token')])
  assert.equal((await follow(runOf([refuses]))).outcome, 'token-wrong: another token')
})

test('keys: pause or resume, a stop that is asked twice within 5 s, what the run answers', async () => {
  const asked: string[] = []
  const answer = (name: string, accepted: boolean) => async () => {
    asked.push(name)
    return { accepted, reason: accepted ? '' : 'not now' }
  }
  const monitor = {
    ...played([]),
    pause: answer('pause', true),
    resume: answer('resume', true),
    checkpoint: answer('checkpoint', false),
    stop: answer('stop', true),
  }
  let there: Monitor | undefined = monitor
  const keys = new RunKeys(
    () => there,
    () => undefined,
  )
  const press = async (key: string, paused = false, nowMs = Date.now()) => {
    keys.press(key, paused, nowMs)
    await sleep(0)
    return keys.say(Date.now())
  }
  assert.equal(await press('p'), 'pause: accepted')
  assert.equal(await press('p', true), 'resume: accepted')
  assert.equal(await press('c'), 'checkpoint refused: not now')
  assert.match(await press('s'), /press s again within 5 s/)
  await press('s', false, Date.now() + 5001)
  assert.deepEqual(asked, ['pause', 'resume', 'checkpoint'], 'too late: asked anew')
  await press('s', false, Date.now() + 5002)
  assert.deepEqual(asked.at(-1), 'stop')
  await press('?')
  assert.equal(keys.help, true)
  there = undefined
  assert.equal(await press('c'), 'checkpoint: the run does not answer')
  assert.equal(keys.say(Date.now() + 6000), '')
  assert.equal(asked.length, 4)
})
