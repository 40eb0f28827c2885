/** The screen as text: a run of two workers whose second one is slow, after 300 steps, on a usual and on a small terminal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawScreen, type Screen, type Shown } from './draw-screen.js'
import { RunView } from './run-view.js'
import { beginMs, description, logEvent, metricEvent, phaseEvent, stepEvent } from './run-view.test-support.js'
import { cells } from './spans.js'

process.env.TZ = 'UTC'

const usual: Shown = { where: '127.0.0.1:7070', trouble: '', message: '', help: false, keys: true, nowMs: beginMs + 31_000 }
const plain = (width: number, height: number): Screen => ({ width, height, colour: false, unicode: true })

function viewOf(steps = 300): RunView {
  const view = new RunView()
  view.reset(true)
  view.describe(description(), beginMs + 30_000)
  view.take(phaseEvent(beginMs, 'training', 'epoch 1 from step 1'))
  for (let step = 1; step <= steps; step++) view.take(stepEvent(step, 1.5))
  view.take(metricEvent('validation', 200, 0.7512, 0.4321))
  view.take(metricEvent('test', 200, 0.7498, 0.4345))
  view.take({ unixMs: beginMs + 21_000, kind: 'reject', reject: { file: 'log.tsv', line: 17, reason: 'wanted a label, got none' } })
  view.take(logEvent(beginMs + 22_000, 'info', 'a message \x1b[31mof the run'))
  return view
}

test('80 by 24', () => {
  assert.equal(drawScreen(viewOf(), usual, plain(80, 24)).join('\n'), wide)
})

test('40 by 20', () => {
  assert.equal(drawScreen(viewOf(), usual, plain(40, 20)).join('\n'), narrow)
})

test('any size: never more lines nor wider ones than the screen has, the keys last', () => {
  const view = viewOf()
  for (let width = 4; width <= 140; width += 8) {
    for (let height = 2; height <= 60; height += 3) {
      const lines = drawScreen(view, usual, plain(width, height))
      assert.equal(lines.length, height)
      assert.ok(
        lines.every((line) => cells(line) <= width),
        `${width} by ${height}`,
      )
      if (height > 3) assert.match(lines.at(-1)!, /^p/)
    }
  }
})

test('a higher screen has a higher curve, and gaps; what is left over goes to the notices', () => {
  const view = viewOf()
  for (let i = 0; i < 60; i++) view.take(logEvent(beginMs + 30_000, 'info', `notice ${i}`))
  const lines = drawScreen(view, usual, plain(100, 50))
  assert.ok(lines.filter((line) => /[\u2800-\u28ff]/.test(line)).length >= 8)
  assert.ok(lines.includes(''))
  assert.equal(lines.at(-2), '12:00:30 notice 59')
  assert.ok(lines.filter((line) => line.includes('notice')).length > 10)
})

test('what is wrong is said in place of the progress: a run that does not answer, one that failed', () => {
  const view = viewOf()
  assert.equal(drawScreen(view, { ...usual, trouble: 'no answer' }, plain(80, 24))[1], 'no answer')
  view.describe(description({ phase: 'failed', error: 'worker w1 was lost' }), beginMs)
  const [title, trouble] = drawScreen(view, usual, plain(80, 24))
  assert.match(title!, /^ads {2}failed {2}epoch 2\/3/)
  assert.equal(trouble, 'worker w1 was lost')
})

test('before the first step, with nothing but a name; help; a question in place of the keys', () => {
  const view = new RunView()
  view.reset(true)
  view.describe(description({ phase: 'joining', members: [], checkpoints: [], epoch: 0 }), beginMs)
  const lines = drawScreen(view, usual, plain(80, 24))
  assert.match(lines[0]!, /^ads {2}joining +127/)
  assert.deepEqual(new Set(lines.slice(1, -1)), new Set(['']))
  assert.match(drawScreen(viewOf(), { ...usual, help: true }, plain(80, 24)).join('\n'), /pause the run after the step under way/)
  assert.equal(drawScreen(viewOf(), { ...usual, message: 'press s again' }, plain(80, 24)).at(-1), 'press s again')
  const last = drawScreen(viewOf(), { ...usual, keys: false }, plain(80, 60))
  assert.ok(last.length < 60 && last.at(-1) !== '', 'a last picture is as long as what it shows')
})

test('colour and blocks only where the terminal has them', () => {
  const coloured = drawScreen(viewOf(), usual, { ...plain(80, 24), colour: true }).join('\n')
  assert.ok(coloured.includes(`${'\x1b'}[33mworker-2 is the straggler`))
  assert.equal(coloured.replaceAll(/\p{Cc}\[\d+m/gu, '').replace(/ +$/gm, ''), wide)
  const ascii = drawScreen(viewOf(), usual, { ...plain(80, 24), unicode: false }).join('\n')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  assert.doesNotMatch(ascii, /[^\x00-\x7f]/)
  assert.match(ascii, /\*\*\*/)
})

test('equal workers have no straggler; a run without candidates has no bars; one of classes shows accuracy', () => {
  const view = new RunView()
  view.reset(true)
  view.describe(description(), beginMs)
  for (let step = 1; step <= 30; step++) {
    const event = stepEvent(step)
    view.take({ ...event, step: { ...event.step!, weights: [] } })
  }
  const metric = metricEvent('test', 30, Number.NaN, 1.2)
  view.take({ ...metric, metric: { ...metric.metric!, accuracy: 0.5 } })
  const text = drawScreen(view, usual, plain(80, 24)).join('\n')
  assert.doesNotMatch(text, /straggler|bce|AUC/)
  assert.match(text, /logloss {2}accuracy/)
})

const wide = `ads  training  epoch 2/3  50 %  ETA 30 s                          127.0.0.1:7070
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━────────────────────────────────────────
loss 0.3375  step 300  1,300 examples/s  ▆▆▆▇▇▇▇▇▇▇▇▇▇▇██████
0.6871 ⠑⠤⡀
         ⠈⠑⠤⢄⡀
             ⠈⠉⠑⠒⠢⠤⠤⣀⣀⣀⡀
0.3364                 ⠈⠉⠉⠉⠉⠑⠒⠒⠒⠒⠒⠒⠒⠢⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
bce   0.500 ██████████████████████████████
focal 0.125 ███████▌
kl    0.375 ██████████████████████▌
                 AUC   logloss      step
validation    0.7512    0.4321       200
test          0.7498    0.4345       200
rank  worker    device  lanes  ms  read  comp  search  exch  wait  upd  heard
   0  worker-1  cpu       0-3  19   0.5   8.0     3.0   2.0   4.3  1.0  1.4 s
   1  worker-2  cpu       4-7  19   0.5    12     3.0   2.0   0.3  1.0  1.4 s
worker-2 is the straggler: its own work takes 35 % longer, most in compute
checkpoint step-00000200  11 s ago  3.0 MiB  and 1 older
12:00:00 training: epoch 1 from step 1
12:00:21 rejected log.tsv:17: wanted a label, got none
12:00:22 a message  [31mof the run


p pause  c checkpoint  s stop  q quit  ? help`

const narrow = `ads  training  epoch 2/3  50 %  ETA 30 s
━━━━━━━━━━━━━━━━━━━━────────────────────
loss 0.3375  step 300  1,300 examples/s
0.6871 ⠑⢄
         ⠑⠤⣀⡀
0.3364      ⠈⠉⠉⠒⠒⠒⠤⠤⠤⠤⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
bce   0.500 ██████████████
focal 0.125 ███▌
kl    0.375 ██████████▌
                 AUC   logloss      step
validation    0.7512    0.4321       200
test          0.7498    0.4345       200
rank  worker    ms  comp  wait  heard
   0  worker-1  19   8.0   4.3  1.4 s
   1  worker-2  19    12   0.3  1.4 s
worker-2 is the straggler: its own work…
checkpoint step-00000200  11 s ago  3.0…
12:00:21 rejected log.tsv:17: wanted a …
12:00:22 a message  [31mof the run
p pause  c checkpoint  s stop  q quit`
