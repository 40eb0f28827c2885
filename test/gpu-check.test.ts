/** scripts/gpu-check where there is no GPU: it says so; on the emulated device its parts run and its results are written. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadNative } from '../native/ts/binding.js'

const program = fileURLToPath(new URL('../scripts/gpu/gpu-check.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lossmith-gpu-check-test-'))
after(() => rmSync(folder, { recursive: true }))
const { built, devices } = loadNative().describeCuda()

test('without a GPU it says why', { skip: devices.length > 0 && 'there is one', timeout: 120_000 }, () => {
  const { status, stdout } = check({}, '--no-build')
  assert.equal(status, 2)
  assert.match(stdout, /No usable GPU: .+\. LOSSMITH_CUDA=emulated runs all but the figures without one\./)
})

test('parts run on the emulated device; one without a meaning there is skipped', { skip: !built && 'built without CUDA', timeout: 240_000 }, () => {
  const json = join(folder, 'results.json')
  const { status, stdout } = check({ LOSSMITH_CUDA: 'emulated' }, '--no-build', '--only', 'gradients: differences,width 16', '--json', json)
  assert.equal(status, 0, stdout)
  assert.match(stdout, /^gradients: differences of the loss +passed .* 5 models, \|g\|² differs by/m)
  assert.match(stdout, /^deepfm, width 16, tf32 +skipped .* an emulated device has no speed/m)
  assert.match(stdout, /^profile of deepfm, width 16, tf32 +passed .* \d+ launches a lane/m)
  const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: { name: string; verdict: string }[] }
  assert.deepEqual(
    results.map(({ verdict }) => verdict),
    ['passed', 'skipped', 'skipped', 'passed'],
  )
})

function check(env: Record<string, string>, ...args: string[]) {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...process.env, ...env } })
}
