/** Checkpoints on a disk: bytes that do not depend on the order of writing, whole or absent, damage found, a full disk survived. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type CheckpointFiles, CheckpointWriter, replaceManifest } from './checkpoint-writer.js'
import { listCheckpoints, loadCheckpoint, loadNewestCheckpoint, removeOldCheckpoints } from './list-checkpoints.js'
import { layoutSafetensors, readSafetensorsLayout } from './safetensors.js'

const specs = [
  { name: 'b', shape: [2, 3] },
  { name: 'a', shape: [4] },
]
const layout = layoutSafetensors(specs)
const manifest = (step: number) => ({
  format: 2,
  step,
  epoch: 1,
  epochDone: false,
  seed: 1,
  planSha256: 'p',
  cursors: [],
  validationCursors: [],
  controllerVersion: 0,
  ledger: [],
  lengths: { rejects: 0, metrics: 10 },
})

function directoryOf(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lossmith-checkpoint-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function write(parent: string, step: number, files?: CheckpointFiles): Promise<string> {
  const writer = await CheckpointWriter.open(parent, step, layout, files)
  try {
    await writer.write('b', 8, Buffer.from(new Float32Array([3, 4, 5, 6]).buffer))
    await writer.write('a', 0, Buffer.from(new Float32Array([7, 8, 9, 10]).buffer))
    await writer.write('b', 0, Buffer.from(new Float32Array([1, 2]).buffer))
    return await writer.finish(manifest(step))
  } catch (error) {
    await writer.abort()
    throw error
  }
}

test('the file is safetensors: a padded JSON header, tensors by name, nothing else', async (t) => {
  const path = join(await write(directoryOf(t), 3), 'state.safetensors')
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE())
  assert.equal(length % 8, 0)
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length))
  assert.deepEqual(header, { a: { dtype: 'F32', shape: [4], data_offsets: [0, 16] }, b: { dtype: 'F32', shape: [2, 3], data_offsets: [16, 40] } })
  const data = bytes.subarray(8 + length)
  assert.deepEqual(
    Array.from({ length: data.length / 4 }, (_, i) => data.readFloatLE(i * 4)),
    [7, 8, 9, 10, 1, 2, 3, 4, 5, 6],
  )
  const file = await fs.open(path)
  const read = await readSafetensorsLayout(file, path)
  await file.close()
  assert.deepEqual([...read.tensors], [...layout.tensors])
})

test('a flipped bit in any file is found, and an older whole checkpoint is named', async (t) => {
  const parent = directoryOf(t)
  await write(parent, 1)
  await write(parent, 2)
  assert.equal((await loadNewestCheckpoint(parent))!.manifest.step, 2)
  for (const name of ['state.safetensors', 'manifest.json']) {
    const path = join(parent, 'step-00000002', name)
    const whole = readFileSync(path)
    for (const at of [whole.length - 5, whole.length >> 1, 20]) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1
      writeFileSync(path, damaged)
      await assert.rejects(loadNewestCheckpoint(parent), (error: Error & { kind: string; code: string }) => {
        assert.deepEqual([error.kind, error.code], ['config', 'checkpoint-damaged'])
        assert.match(error.message, new RegExp(`step-00000002/${name.replace('.', '\\.')}: wanted .*, got .*; step-00000001 is whole`, 's'))
        return true
      })
    }
    writeFileSync(path, whole)
  }
  writeFileSync(join(parent, 'step-00000002', 'state.safetensors'), 'short')
  await assert.rejects(loadCheckpoint(parent, 'step-00000002'), { message: /wanted \d+ bytes, got 5 bytes/ })
})

test('bytes that are missing or do not belong are refused', async (t) => {
  const parent = directoryOf(t)
  const writer = await CheckpointWriter.open(parent, 1, layout)
  await assert.rejects(writer.write('a', 8, Buffer.alloc(12)), { code: 'state-range', message: /a within 16, got 8\+12/ })
  await assert.rejects(writer.write('c', 0, Buffer.alloc(4)), { code: 'state-range' })
  await writer.write('a', 0, Buffer.alloc(16))
  await assert.rejects(writer.finish(manifest(1)), { code: 'state-incomplete', message: /wanted 40 bytes of state, got 16/ })
  await writer.abort()
  assert.deepEqual(readdirSync(parent), [])
})

test('a partial checkpoint of a dead coordinator is no checkpoint and is replaced; old ones go', async (t) => {
  const parent = directoryOf(t)
  for (const step of [1, 2, 3]) await write(parent, step)
  await CheckpointWriter.open(parent, 4, layout)
  assert.deepEqual(await listCheckpoints(parent), ['step-00000001', 'step-00000002', 'step-00000003'])
  await write(parent, 4)
  await removeOldCheckpoints(parent, 2)
  assert.deepEqual(readdirSync(parent), ['step-00000003', 'step-00000004'])
  const { directory, manifest: before } = await loadCheckpoint(parent, 'step-00000004')
  await replaceManifest(directory, { ...before, epochDone: true })
  assert.equal((await loadNewestCheckpoint(parent))!.manifest.epochDone, true)
})

test('whatever call the disk is full at, older checkpoints stay and nothing half-written does', async (t) => {
  const parent = directoryOf(t)
  await write(parent, 1)
  const full = () => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }))
  let failures = 0
  for (let failing = 1; failing < 100; failing++) {
    let calls = 0
    const guarded = <T>(call: () => Promise<T>) => (++calls === failing ? full() : call())
    const files: CheckpointFiles = {
      ...fs,
      mkdir: ((...args: Parameters<typeof fs.mkdir>) => guarded(() => fs.mkdir(...args))) as typeof fs.mkdir,
      rename: (...args) => guarded(() => fs.rename(...args)),
      open: async (...args) => {
        const file = await guarded(() => fs.open(...args))
        const writeBytes = file.write.bind(file) as (...args: unknown[]) => Promise<never>
        const sync = file.sync.bind(file)
        return Object.assign(file, { write: (...args: unknown[]) => guarded(() => writeBytes(...args)), sync: () => guarded(sync) })
      },
    }
    const outcome = await write(parent, 2, files).then(
      () => 'written',
      (error) => error,
    )
    if (outcome === 'written') break
    // The last fsync, of the parent, comes after the rename: the checkpoint is whole then, only not yet known to be on the disk.
    if (!readdirSync(parent).includes('step-00000002')) assert.deepEqual(readdirSync(parent), ['step-00000001'], `call ${failing}`)
    assert.deepEqual([outcome.kind, outcome.code], ['transient', 'disk-full'])
    assert.match(outcome.message, /ENOSPC; free some space and resume/)
    assert.equal((await loadCheckpoint(parent, 'step-00000001')).manifest.step, 1)
    rmSync(join(parent, 'step-00000002'), { recursive: true, force: true })
    failures++
  }
  assert.ok(failures >= 9, `${failures} calls were made to fail`)
})

test('a small tmpfs that is full', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'lossmith-tmpfs-'))
  t.after(() => rmSync(parent, { recursive: true }))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', parent]).status === 0
  if (!mounted) return t.skip('wants root to mount a tmpfs')
  try {
    await write(parent, 1)
    const writer = await CheckpointWriter.open(parent, 2, layoutSafetensors([{ name: 'large', shape: [100_000] }]))
    await assert.rejects(writer.write('large', 0, Buffer.alloc(400_000, 1)), {
      code: 'disk-full',
      message: /step-00000002\.partial: wanted room to write, got ENOSPC/,
    })
    await writer.abort()
    assert.deepEqual(readdirSync(parent), ['step-00000001'])
    assert.equal((await loadNewestCheckpoint(parent))!.name, 'step-00000001')
  } finally {
    spawnSync('umount', ['-l', parent])
  }
})
