/** Structured logs of real processes: what each line says, whose lines `train` passes on, and that no line and no file shows a secret. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { lossmith, smallRun, startLossmith } from './lossmith-command.js'

interface LogLine {
  time: string
  level: string
  role: string
  msg: string
  run?: string
  generation?: number
  rank?: number
  step?: number
  event?: string
  [fact: string]: unknown
}

const token = 'sesame-5f1c0a7b9e'
const wrong = 'sesame-0000000000'
let folder: string
let remove = () => {}
before(async () => {
  ;({ folder, remove } = await smallRun())
})
after(() => remove())

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine)
const withToken = (value: string) => ({ ...process.env, LOSSMITH_TOKEN: value })

test('train --log json: lines of the coordinator, of its workers and its own; who asks is named, who may not is refused; no secret', async () => {
  const run = join(folder, 'logged')
  const words = ['train', 'job.yaml', '--workers', '2', '--threads', '1', '--run', run, '--log', 'json', '--log-level', 'debug']
  const training = startLossmith([...words, '--set', 'train.epochs=200'], { cwd: folder, env: withToken(token), timeoutMs: 240_000 })
  const [, address] = await training.saw(/"address":"([^"]+)"/)
  await training.saw(/"event":"step"/)
  const refused = await lossmith(['control', address!, 'pause'], { env: withToken(wrong) })
  assert.match(refused.stderr, /\[token-wrong\]\n$/)
  const stopped = await lossmith(['control', address!, 'stop', '--reason', 'enough'], { env: withToken(token) })
  assert.equal(stopped.code, 0, stopped.stderr)
  const { code, stdout, stderr } = await training.ended
  assert.equal(code, 130, stderr)

  const lines = linesOf(stderr)
  for (const { time, level, role, msg, run: of } of lines) {
    assert.equal(new Date(time).toISOString(), time)
    assert.ok(['debug', 'info', 'warn', 'error'].includes(level) && ['train', 'coordinator', 'worker'].includes(role) && msg !== '')
    assert.equal(of, 'logged')
  }
  const coordinator = lines.filter(({ role }) => role === 'coordinator')
  const steps = coordinator.filter(({ event }) => event === 'step')
  assert.ok(steps.length > 5 && steps.every(({ step, generation, loss }) => step! > 0 && generation === 1 && (loss as number) > 0))
  assert.ok(steps.some(({ level }) => level === 'debug') && steps.some(({ level }) => level === 'info'))
  const requests = coordinator.filter(({ event }) => event === 'request')
  const find = (call: string, level: string) => requests.find((line) => line.call === call && line.level === level)
  assert.match(find('Pause', 'debug')!.msg, /^Pause refused: .*another one/)
  assert.ok(coordinator.some(({ level, msg }) => level === 'warn' && /^calls of .* are refused: they show another token$/.test(msg)))
  assert.match(String(find('Stop', 'info')!.peer), /^127\.0\.0\.1:\d+$/)
  assert.deepEqual(find('Stop', 'info')!.request, { reason: 'enough' })
  assert.equal(find('Pause', 'info'), undefined, 'what is refused was never read')

  for (const [rank, member] of ['worker-1', 'worker-2'].entries()) {
    const own = lines.filter((line) => line.member === member && line.role === 'worker')
    const of = (event: string) => own.filter((line) => line.event === event)
    assert.equal(of('joined').length, 1)
    assert.deepEqual([of('prepared')[0]!.rank, of('prepared')[0]!.device, of('prepared')[0]!.laneCount], [rank, 'cpu', 2])
    const ends = of('task').filter(({ durationMs }) => durationMs !== undefined)
    assert.ok(ends.some(({ task }) => task === 'prepare') && ends.every(({ durationMs }) => (durationMs as number) >= 0))
    const last = of('finished')[0]!
    assert.ok(last.rank === rank && last.generation === 1 && last.step! > 0)
  }
  for (const text of [stderr, stdout, refused.stderr, stopped.stderr, ...filesIn(run)]) assert.ok(!text.includes(token) && !text.includes(wrong))
})

test('a worker that ends by an error: its own line, then that of train, by code; nothing but JSON', async () => {
  const words = ['train', 'job.yaml', '--device', 'cuda', '--run', join(folder, 'cuda'), '--log', 'json']
  const { code, stderr } = await lossmith(words, { cwd: folder, env: { ...process.env, CUDA_VISIBLE_DEVICES: '' } })
  assert.equal(code, 2, stderr)
  const errors = linesOf(stderr).filter(({ event }) => event === 'error')
  assert.deepEqual(
    errors.map(({ role, level, kind, code }) => [role, level, kind, code]),
    [
      ['worker', 'error', 'config', 'no-gpu'],
      ['train', 'error', 'config', 'no-gpu'],
    ],
  )
  assert.match(errors[1]!.msg, /^worker-1: /)
})

test('--log pretty is for people, --log-level drops lines, --quiet leaves errors; results stay on stdout', async () => {
  const train = (...words: string[]) => lossmith(['train', 'job.yaml', '--threads', '1', '--set', 'train.maxSteps=2', ...words], { cwd: folder })
  const pretty = await train('--run', join(folder, 'pretty'), '--log', 'pretty')
  assert.match(pretty.stderr, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: coordinator: joining: 1 workers$/m)
  assert.match(pretty.stderr, /^\[.*\] INFO: worker-1 \(rank 0, generation 1, step 2\): finished: /m)
  assert.match(pretty.stdout, /done after 2 steps/)
  const warned = await train('--run', join(folder, 'warned'), '--log', 'json', '--log-level', 'warn')
  assert.equal(warned.stderr, '')
  const quiet = await train('--run', join(folder, 'pretty'), '--log', 'json', '--quiet')
  assert.deepEqual(
    linesOf(quiet.stderr).map(({ level, code }) => [level, code]),
    [['error', 'run-exists']],
  )
})

function filesIn(directory: string): string[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name))
  return files.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, 'latin1'))
}
