/**
 * A coordinator and two workers on three hosts: three network namespaces on a bridge, each with its own 10.x address and no other way to the
 * rest. Needs root and iproute2. Clear text beyond loopback is refused without --insecure, on both sides.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { checkpointsOf, sameCheckpoint } from './support/checkpoints.js'
import { Processes } from './support/processes.js'
import { writeJob, writeLog } from './support/small-job.js'

const processes = new Processes()
const id = process.pid.toString(36).slice(-6)
const bridge = `lm${id}`
const hosts = [1, 2, 3].map((i) => ({ namespace: `lm${id}-${i}`, link: `lm${id}v${i}`, address: `10.213.${process.pid % 250}.${i}` }))
const skip = whyNot()
let folder: string
let job: string

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 5000 })
}

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  try {
    ip('netns', 'add', `lm${id}-try`)
    ip('netns', 'del', `lm${id}-try`)
    return false
  } catch (error) {
    return `network namespaces cannot be made here: ${(error as Error).message.trim()}`
  }
}

function makeHosts(): void {
  // The bridge is in a namespace of its own too: the host's interfaces, routes and firewall are not touched.
  ip('netns', 'add', bridge)
  ip('-n', bridge, 'link', 'add', 'name', 'switch', 'type', 'bridge')
  ip('-n', bridge, 'link', 'set', 'switch', 'up')
  for (const { namespace, link, address } of hosts) {
    ip('netns', 'add', namespace)
    ip('-n', namespace, 'link', 'add', 'name', 'eth', 'type', 'veth', 'peer', 'name', link, 'netns', bridge)
    ip('-n', bridge, 'link', 'set', link, 'master', 'switch')
    ip('-n', bridge, 'link', 'set', link, 'up')
    ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth')
    ip('-n', namespace, 'link', 'set', 'eth', 'up')
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
  }
}

function removeHosts(): void {
  for (const namespace of [...hosts.map((host) => host.namespace), bridge]) {
    try {
      ip('netns', 'del', namespace)
    } catch {
      // was not made
    }
  }
}

before(async () => {
  if (skip) return
  folder = mkdtempSync(join(tmpdir(), 'lossmith-namespaces-'))
  process.once('exit', removeHosts)
  makeHosts()
  job = writeJob(folder, await writeLog(folder, 5003))
})
afterEach(() => processes.allGone())
after(() => {
  if (skip) return
  removeHosts()
  rmSync(folder, { recursive: true })
})

const on = (host: number, ...args: string[]) => processes.start(args, { inside: ['ip', 'netns', 'exec', hosts[host]!.namespace] })
const listen = `${hosts[0]!.address}:7070`

test('three hosts train over their own addresses, to the same bytes as one process on one', { skip }, async () => {
  const run = join(folder, 'apart')
  const coordinator = on(0, 'coordinator', job, '--run', run, '--workers', '2', '--listen', listen, '--insecure', '--json')
  await coordinator.says(/"event":"listening"/)
  const workers = [1, 2].map((host) => on(host, 'worker', '--coordinator', listen, '--name', `host-${host}`, '--threads', '1', '--insecure'))
  for (const worker of workers) {
    const { code, stderr } = await worker.ended
    assert.equal(code, 0, stderr)
  }
  const ended = await coordinator.ended
  assert.equal(ended.code, 0, ended.stderr)

  const alone = join(folder, 'alone')
  const { code, stderr } = await processes.start(['train', job, '--run', alone, '--workers', '1', '--threads', '1', '--quiet']).ended
  assert.equal(code, 0, stderr)
  for (const name of checkpointsOf(alone)) sameCheckpoint(run, alone, name)
})

test('without --insecure neither side speaks clear text to another host', { skip }, async () => {
  const coordinator = await on(0, 'coordinator', job, '--run', join(folder, 'refused'), '--listen', listen).ended
  assert.equal(coordinator.code, 2, coordinator.stderr)
  assert.match(coordinator.stderr, /--insecure.*\[insecure-address\]/)
  const worker = await on(1, 'worker', '--coordinator', listen, '--threads', '1').ended
  assert.equal(worker.code, 2, worker.stderr)
  assert.match(worker.stderr, /--insecure.*\[insecure-address\]/)
})
