/**
 * Loads a user's model file: TypeScript or JavaScript, bundled by esbuild to one ES module that is imported here, in the coordinator only.
 * `import … from 'lossmith'` is this very process's model folder. The file runs with all rights of the coordinator: see SECURITY.md.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BuildFailure, build, type Message, type Plugin } from 'esbuild'
import { configError } from '../common/errors.js'
import type { ModelDefinition } from '../model/define-model.js'

export async function loadModelFile(path: string): Promise<ModelDefinition> {
  const code = await bundle(path)
  const folder = await mkdtemp(join(tmpdir(), 'lossmith-model-'))
  try {
    const file = join(folder, 'model.mjs')
    await writeFile(file, code)
    const module = await importModule(path, file)
    if (!isDefinition(module.default)) {
      const got =
        module.default === undefined ? `exports ${Object.keys(module).join(', ') || 'nothing'}` : `a default export that is ${typeof module.default}`
      throw configError('model-file', `[model] wanted ${path} to have a default export made by defineModel({defaults, build}), got ${got}`)
    }
    return module.default
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function bundle(path: string): Promise<string> {
  try {
    const { outputFiles } = await build({
      entryPoints: [resolve(path)],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'silent',
      plugins: [ownPackage],
    })
    return (outputFiles[0] as (typeof outputFiles)[number]).text
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>
    if (!errors) throw error
    throw configError('model-file', `[model] wanted a module that compiles, got ${errors.map((message) => describe(path, message)).join('; ')}`)
  }
}

const ownPackage: Plugin = {
  name: 'lossmith',
  setup({ onResolve }) {
    const path = new URL('../model/index.js', import.meta.url).href
    onResolve({ filter: /^lossmith$/ }, () => ({ path, external: true }))
  },
}

function describe(path: string, { location, text }: Message): string {
  return location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : `${path}: ${text}`
}

async function importModule(path: string, file: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    throw configError('model-file', `[model] wanted ${path} to load, got ${error instanceof Error ? `${error.name}: ${error.message}` : error}`)
  }
}

function isDefinition(value: unknown): value is ModelDefinition {
  const { defaults, build } = (value ?? {}) as Partial<ModelDefinition>
  return typeof defaults === 'object' && defaults !== null && typeof build === 'function'
}
