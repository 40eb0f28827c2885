/**
 * Who may import whom, file by file: `node dist/scripts/check-imports.js` prints what breaks the rules and exits 1.
 * Project references stop most of it at compile time; this also knows the addon, napi.h and single files.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folders a folder may import from, besides itself. The first match counts; test and scripts may import everything. */
const allowed: Record<string, readonly string[]> = {
  'coordinator/dashboard/page': ['common/colour', 'coordinator/monitor/step-times', 'proto/generated'],
  'coordinator/dashboard': ['common', 'coordinator/monitor'],
  common: [],
  proto: [],
  model: ['common/data-facts', 'common/errors', 'common/job/loss', 'common/job/nearest-name'],
  'native/ts': ['common', 'model'],
  worker: ['common', 'proto', 'model', 'native/ts'],
  coordinator: ['common', 'proto', 'model'],
}

/** Problems of one file, as lines for people. `path` is relative to the repository. */
export function importProblems(path: string, text: string): string[] {
  return /\.(cc|h)$/.test(path) ? nativeProblems(path, text) : typescriptProblems(path, text)
}

function typescriptProblems(path: string, text: string): string[] {
  const problems: string[] = []
  const mayLoad = ['native/ts/load.ts', 'test/no-cuda.test.ts'].includes(path) || path.startsWith('scripts/check-imports')
  if (/lossmith\.node\b|process\.dlopen/.test(text) && !mayLoad) {
    problems.push(`${path}: only native/ts/load.ts loads the addon`)
  }
  const page = path.startsWith('coordinator/dashboard/page/')
  if (page && !/\.test\.tsx?$|vite\.config\.ts$/.test(path) && /from\s*['"]node:/.test(text))
    problems.push(`${path}: the page runs in a browser, without Node`)
  // The dashboard is a client of Monitor like any other; its tests start a coordinator.
  const ofWhole = !page && /\.test\.ts$/.test(path)
  const folder = Object.keys(allowed).find((name) => path.startsWith(`${name}/`) && !(ofWhole && name === 'coordinator/dashboard'))
  if (folder === undefined) return problems
  for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
    const target = normalize(join(dirname(path), specifier!))
    const fits = [folder, ...allowed[folder]!].some((name) => target.startsWith(`${name}/`) || target === `${name}.js`)
    if (!fits) problems.push(`${path}: ${folder} may import from ${allowed[folder]!.join(', ') || 'nothing but itself'}, not ${target}`)
  }
  return problems
}

function nativeProblems(path: string, text: string): string[] {
  if (path.startsWith('native/addon/')) return []
  const problems: string[] = []
  for (const [, header] of text.matchAll(/^\s*#\s*include\s*[<"]([^>"]+)[>"]/gm)) {
    if (/^(napi|node|node_api|v8|uv)\.h$/.test(basename(header!))) problems.push(`${path}: only native/addon includes ${header}`)
    if (header!.includes('addon/')) problems.push(`${path}: the engine does not know the addon, got ${header}`)
  }
  return problems
}

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!['node_modules', 'dist', 'build', 'generated', 'runs', '.git'].includes(entry.name)) yield* sources(path)
    } else if (/\.(tsx?|cc|h)$/.test(entry.name) && !entry.name.endsWith('.d.ts')) yield path
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const problems = [...sources(root)].flatMap((path) => importProblems(relative(root, path), readFileSync(path, 'utf8')))
  for (const problem of problems) console.log(problem)
  process.exitCode = problems.length > 0 ? 1 : 0
}
