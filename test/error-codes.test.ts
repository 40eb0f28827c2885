/** Every error code in the source stands in docs/errors.md, and every code there is still in the source. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folders = ['common', 'coordinator', 'model', 'worker', 'scripts', 'proto', 'native/engine', 'native/addon', 'native/ts']
const thrown =
  /(?:(?:config|refused|transient|broken)Error\(|\brefuse\(|Error\(\s*(?:ErrorKind::\w+|['"]\w+['"]|\w+),)\s*(['"])([a-z0-9]+(?:-[a-z0-9]+)+)\1,/g

test('docs/errors.md lists exactly the codes that the source throws', () => {
  const inSource = new Set<string>()
  for (const file of folders.flatMap(sourcesIn)) for (const [, , code] of readFileSync(file, 'utf8').matchAll(thrown)) inSource.add(code!)
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  const listed = new Set([...page.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)*)`/g)].map(([, code]) => code!))
  assert.ok(inSource.size > 100, `found only ${inSource.size} codes: the pattern is wrong`)
  assert.deepEqual([...inSource].filter((code) => !listed.has(code)).sort(), [], 'thrown, but not listed')
  const all = folders
    .flatMap(sourcesIn)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  const gone = [...listed].filter((code) => !all.includes(`'${code}'`) && !all.includes(`"${code}"`))
  assert.deepEqual(gone.sort(), [], 'listed, but not in the source')
})

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|cc|h|cu|cuh)$/.test(name) && !/\.test\.|test\.support|generated/.test(name))
    .map((name) => join(root, folder, name))
}
