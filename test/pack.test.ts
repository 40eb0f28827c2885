/** `npm pack`, installed in an empty folder: it has what it needs and no more, its command runs, its engine builds and trains. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type InstalledPackage, installPackage } from './installed-package.js'
import { lossmith } from './lossmith-command.js'

let installed: InstalledPackage
before(() => {
  installed = installPackage()
})
after(() => installed.remove())

// Device code is compiled once a run of all tests, by the build of the checkout; here it is only looked for.
const forCpu = { ...process.env, LOSSMITH_CUDA_BUILD: '0' }
const npx = (args: readonly string[], timeout: number) =>
  spawnSync('npx', ['--no-install', 'lossmith', ...args], { cwd: installed.folder, encoding: 'utf8', timeout, env: forCpu })

test('the package has the built code, contracts, engine sources and no tests', () => {
  const { files } = installed
  for (const file of [
    'dist/scripts/lossmith.js',
    'dist/model/index.js',
    'dist/model/index.d.ts',
    'dist/dashboard/index.html',
    'proto/lossmith/v1/training.proto',
    'native/binding.gyp',
    'LICENSE',
    'NOTICE',
    'package.json',
  ]) {
    assert.ok(files.includes(file), `${file} is missing`)
  }
  const native = fileURLToPath(new URL('../../native', import.meta.url))
  const sources = ['engine', 'addon'].flatMap((folder) =>
    readdirSync(join(native, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(cc|h|cu|cuh)$/.test(file))
      .map((file) => `native/${folder}/${file}`),
  )
  assert.ok(sources.some((file) => file.endsWith('.cu')))
  assert.deepEqual(
    sources.filter((file) => !files.includes(file)),
    [],
  )
  const unwanted = files.filter((file) =>
    /\.test[.-]|^dist\/test\/|^native\/build|tsbuildinfo|^node_modules|^dist\/coordinator\/dashboard\/page\/|^runs|^quickstart/.test(file),
  )
  assert.deepEqual(unwanted, [])
})

test('its command answers, its types and its main export resolve', () => {
  const help = npx(['--help'], 30_000)
  assert.equal(help.status, 0, help.stderr)
  assert.match(help.stdout, /Usage: lossmith/)
  const script = "const m = await import('lossmith'); if (Object.keys(m).length === 0) process.exit(1)"
  const imported = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: installed.folder, encoding: 'utf8' })
  assert.equal(imported.status, 0, imported.stderr)
})

test('it serves the page of the dashboard, built', { timeout: 30_000 }, async (t) => {
  const command = join(installed.path, 'dist/scripts/lossmith.js')
  const child = spawn(process.execPath, [command, 'dashboard', '--listen', '127.0.0.1:0', '--json'], {
    cwd: installed.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => child.kill())
  const [said] = (await once(child.stderr.setEncoding('utf8'), 'data')) as [string]
  const { url } = JSON.parse(said) as { url: string }
  const page = await (await fetch(url)).text()
  const [, script] = /<script [^>]*src="([^"]+\.js)"/.exec(page)!
  const { status, headers } = await fetch(new URL(script!, url))
  assert.deepEqual([status, headers.get('content-type')], [200, 'text/javascript; charset=utf-8'])
})

test("a user's model type-checks against the installed package, and a wrong one does not", { timeout: 60_000 }, () => {
  const { folder } = installed
  const compiler = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))
  const check = (file: string) =>
    spawnSync(compiler, ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', '', file], {
      cwd: folder,
      encoding: 'utf8',
    })
  copyFileSync(fileURLToPath(new URL('../../examples/my-model.ts', import.meta.url)), join(folder, 'my-model.mts'))
  const fine = check('my-model.mts')
  assert.equal(fine.status, 0, fine.stdout)
  const wrong = readFileSync(join(folder, 'my-model.mts'), 'utf8').replace(
    'layers.mlp(x0, { hidden, dropout })',
    'layers.mlp(x0, { hiden: hidden, dropout })',
  )
  writeFileSync(join(folder, 'wrong.mts'), wrong)
  const refused = check('wrong.mts')
  assert.notEqual(refused.status, 0)
  assert.match(refused.stdout, /wrong\.mts\(\d+,\d+\): error .*hiden/)
})

test('its engine builds from the packed sources and trains', { timeout: 280_000 }, async (t) => {
  if (spawnSync('g++', ['--version']).status !== 0) return t.skip('no g++ here')
  const built = npx(['build'], 270_000)
  assert.equal(built.status, 0, built.stderr)
  assert.match(built.stdout, /^engine \d+\.\d+\.\d+ for CPU class /)
  assert.equal((await lossmith(['synth', '--rows', '3000', '--out', join(installed.folder, 'log.tsv')])).code, 0)
  writeFileSync(join(installed.folder, 'job.yaml'), 'data: { train: log.tsv }\nfeatures: { rows: 4096 }\ntrain: { batch: 64 }\nmodel: { kind: lr }\n')
  const trained = npx(['train', 'job.yaml', '--threads', '1', '--run', 'run', '--json'], 60_000)
  assert.equal(trained.status, 0, trained.stderr)
  assert.ok(existsSync(join(installed.folder, 'run/model.onnx')))
  rmSync(join(installed.folder, 'run'), { recursive: true })
})
