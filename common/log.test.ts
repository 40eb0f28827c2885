/** Log lines: what each says, what none shows, and that nothing waits to be written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, keepSecret, type LogFormat, type LogLevel, prettyLine } from './log.js'

function recorded(format: LogFormat, level: LogLevel) {
  const lines: string[] = []
  return { lines, log: createLog({ format, level, write: (line) => void lines.push(line) }) }
}

test('a line of JSON says time, level and all that is known when it is written; later facts win, unknown ones are left out', () => {
  const { lines, log } = recorded('json', 'debug')
  const known = { role: 'worker', run: 'ads', generation: undefined as number | undefined, step: 1 }
  const about = log.about(() => known).about(() => ({ rank: 2 }))
  about.info('joined')
  Object.assign(known, { generation: 3, step: 7 })
  about.debug('step', { step: 8, auc: Number.NaN })
  const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.equal(new Date(first!.time as string).toISOString(), first!.time)
  assert.deepEqual({ ...first, time: 0 }, { level: 'info', time: 0, role: 'worker', run: 'ads', step: 1, rank: 2, msg: 'joined' })
  assert.deepEqual(
    { ...second, time: 0 },
    { level: 'debug', time: 0, role: 'worker', run: 'ads', generation: 3, step: 8, rank: 2, auc: null, msg: 'step' },
  )
  assert.ok(lines.every((line) => line.indexOf('\n') === line.length - 1))
})

test('levels below the least are dropped', () => {
  const { lines, log } = recorded('json', 'warn')
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).msg),
    ['c', 'd'],
  )
})

test('for people: time, level, who, where, what; a line of another process reads the same', () => {
  const { lines, log } = recorded('pretty', 'info')
  const facts = { role: 'worker', member: 'w1', rank: 0, generation: 2, step: 120, code: 'disk-full', name: 'x' }
  log.error('no space', facts)
  log.about(() => ({ role: 'coordinator' })).info('joining: 2 workers')
  assert.match(lines[0]!, /^\[\d\d:\d\d:\d\d\.\d{3}\] ERROR: w1 \(rank 0, generation 2, step 120\): no space \[disk-full\]\n$/)
  assert.match(lines[1]!, /^\[.*\] INFO: coordinator: joining: 2 workers\n$/)
  const json = recorded('json', 'info')
  json.log.error('no space', facts)
  assert.equal(prettyLine(false)(json.lines[0]!).slice(15), lines[0]!.slice(15))
})

test('a secret is in no line: not under its key, not in a message, not as JSON writes it', () => {
  const secret = 'to"ken\\9f3c'
  keepSecret(secret)
  keepSecret('note')
  for (const format of ['json', 'pretty'] as const) {
    const { lines, log } = recorded(format, 'debug')
    log.info(`asked with ${secret}`, { header: { authorization: 'Bearer x1y2' }, token: 'x1y2', deep: { er: { token: 'x1y2' } }, note: secret })
    log.error('refused', { detail: [`Bearer ${secret}`] })
    const all = lines.join('')
    assert.equal(lines.length, 2)
    assert.doesNotMatch(all, /9f3c|x1y2/)
    assert.match(all, /asked with \[hidden\]/)
  }
})
