/**
 * `lossmith watch` on runs of real processes: as lines and as objects over pipes, on a pseudo terminal with its keys, and through the death of a
 * coordinator and its return at another address.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { reachedStep, startCluster } from './support/cluster.js'
import { Processes } from './support/processes.js'
import { writeJob, writeLog } from './support/small-job.js'

const entry = fileURLToPath(new URL('../scripts/lossmith.js', import.meta.url))
const noScript = spawnSync('script', ['--version']).status === 0 ? false : 'no script(1) of util-linux, which makes pseudo terminals'
const processes = new Processes()
let folder: string
let job: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-watch-'))
  const search = { search: ['bce', 'focal'] }
  job = writeJob(folder, await writeLog(folder, 6007), { train: { epochs: 500 }, loss: search, cluster: { lostAfterMs: 20_000 } })
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

/** A command on a pseudo terminal of 80 by 24, and all that it wrote there. */
function onTerminal(words: string[], env: NodeJS.ProcessEnv = {}) {
  const command = ['stty rows 24 cols 80;', process.execPath, entry, ...words].join(' ')
  const child: ChildProcess = spawn('script', ['-qefc', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
  })
  let text = ''
  const listeners = new Set<() => void>()
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    for (const listener of listeners) listener()
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  /** From here on: what was written before does not count. */
  const shows = (pattern: RegExp, from = text.length) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(text.slice(from))) return
        listeners.delete(look)
        clearTimeout(timer)
        resolve()
      }
      const fail = () => reject(new Error(`wanted ${pattern} on the terminal, got ${JSON.stringify(text.slice(from).slice(-3000))}`))
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        fail()
      }, 60_000)
      ended.then(fail)
      listeners.add(look)
      look()
    })
  return { child, ended, shows, press: (key: string) => child.stdin!.write(key), text: () => text }
}

const alternate = { enter: '\x1b[?1049h', leave: '\x1b[?25h\x1b[?1049l' }

test('a run from its first step to its stop: lines, objects, and a terminal whose keys pause, resume, save and stop it', {
  skip: noScript,
}, async () => {
  const run = join(folder, 'run')
  const { address, coordinator } = await startCluster(processes, [job, '--run', run], 2)
  const lines = processes.start(['watch', address])
  const oneLine = spawnSync('bash', ['-c', `"${process.execPath}" "${entry}" watch ${address} | head -1; echo "\${PIPESTATUS[0]}"`], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.match(oneLine.stdout, /^small: .*\n0\n$/, 'it ends when nobody reads its lines, and the run goes on')
  const objects = processes.start(['watch', run, '--json'])
  const terminal = onTerminal(['watch', address])
  await terminal.shows(/loss .*step .*examples\/s/, 0)
  await terminal.shows(/focal\S* +.*0\.\d{3}.*[█▏▎▍▌▋▊▉]/, 0)
  await terminal.shows(/worker-2 +cpu/, 0)
  terminal.press('p')
  await terminal.shows(/paused: asked in a terminal/)
  terminal.press('c')
  await terminal.shows(/checkpoint: accepted/)
  terminal.press('p')
  await terminal.shows(/training: epoch/)
  terminal.press('s')
  await terminal.shows(/press s again within 5 s/)
  terminal.press('s')
  assert.equal((await coordinator.ended).code, 130)
  assert.equal(await terminal.ended, 0)
  const shown = terminal.text()
  const left = shown.lastIndexOf(alternate.leave)
  assert.ok(shown.includes(alternate.enter) && left > shown.lastIndexOf(alternate.enter))
  assert.match(shown.slice(left), /small.*done/, 'the last picture stays on the usual screen')

  const told = await lines.ended
  assert.equal(told.code, 0, told.stderr)
  assert.match(told.stdout, /^small: \w+, step \d+, epoch \d+ of 500\n/)
  assert.match(told.stdout, /^epoch \d+\/500 {2}.*loss 0\.\d{4} {2}step [\d,]+ {2}[\d,]+ examples\/s$/m)
  assert.match(told.stdout, /^paused: asked in a terminal$/m)
  assert.ok(!told.stdout.includes('\x1b'))
  const machine = await objects.ended
  assert.equal(machine.code, 0, machine.stderr)
  const facts = machine.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event?: string; ok?: boolean; step?: number; phase?: string })
  assert.deepEqual(facts.at(-1), { ok: true })
  for (const event of ['describe', 'phase', 'step', 'members', 'checkpoint', 'surface'])
    assert.ok(
      facts.some((line) => line.event === event),
      event,
    )
  assert.equal(facts.filter(({ phase }) => phase === 'done').length, 1)

  const again = await processes.start(['watch', run]).ended
  assert.equal(again.code, 0)
  assert.match(again.stdout, /^small: done, step \d+/, 'a run directory of the past')
})

test('a coordinator that dies and comes back elsewhere is followed again; q and a signal leave a run that goes on', { skip: noScript }, async () => {
  const run = join(folder, 'again')
  const first = await startCluster(processes, [job, '--run', run], 1)
  await reachedStep(first.address, 30)
  const terminal = onTerminal(['watch', run], { NO_COLOR: '1' })
  const lines = processes.start(['watch', run])
  await terminal.shows(/loss .*step/, 0)
  await lines.says(/examples\/s/, 60_000, 'stdout')
  first.coordinator.kill('SIGKILL')
  await terminal.shows(/no answer, trying again/)
  await Promise.all(first.workers.map(({ ended }) => ended))
  const second = await startCluster(processes, ['--resume', run], 1)
  await terminal.shows(/loss .*step/)
  terminal.press('q')
  assert.equal(await terminal.ended, 0)
  assert.match(terminal.text(), /the run goes on; to look again: lossmith watch/)
  assert.doesNotMatch(terminal.text(), /\p{Cc}\[\d+m/u, 'NO_COLOR')

  const ended = onTerminal(['watch', second.address])
  await ended.shows(/loss .*step/, 0)
  ended.press('\x03')
  assert.equal(await ended.ended, 130)
  assert.ok(ended.text().includes(alternate.leave))

  await reachedStep(second.address, 40)
  second.coordinator.kill('SIGINT')
  const told = await lines.ended
  assert.equal(told.code, 0, told.stderr)
  assert.match(told.stdout, /^no answer, trying again: .*\n(?:.*\n)*?the run answers again$/m)
  assert.equal(told.stdout.match(/^joining/gm)?.length, 2, 'what was told before is not told again')
  assert.equal((await second.coordinator.ended).code, 130)
})

test('places that are no run', async () => {
  for (const [words, code, error] of [
    [['watch'], 2, /wanted a run under way in \.\/runs, found none; name a coordinator or a run.*\[run-missing\]/],
    [['watch', folder], 2, /wanted HOST:PORT of a coordinator or the directory of a run.*\[run-missing\]/],
    [['watch', '192.0.2.1:7070'], 2, /\[insecure-address\]/],
    [['watch', '127.0.0.1:1'], 3, /\[rpc-unavailable\]/],
  ] as const) {
    const child = spawnSync(process.execPath, [entry, ...words], { cwd: folder, encoding: 'utf8' })
    assert.equal(child.status, code, child.stderr)
    assert.match(child.stderr, error)
    assert.equal(child.stdout, '')
  }
})
