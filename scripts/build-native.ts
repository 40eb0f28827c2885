/**
 * Builds the native engine with node-gyp in native/, in a checkout and in an installed package alike. Quick when up to date.
 * Node's own headers are used where they lie beside the node that runs, so that nothing is downloaded.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configError } from '../common/errors.js'

const nativeFolder = fileURLToPath(new URL('../../native', import.meta.url))

/** Throws config error `build-failed` with the last lines of the compiler. */
export async function buildNative(): Promise<void> {
  const headers = nodeHeaders()
  const options = ['-C', nativeFolder, '--release', '--loglevel=error', ...(headers === null ? [] : [`--nodedir=${headers}`])]
  await nodeGyp(['configure', ...options])
  await nodeGyp(['build', ...options, '-j', String(availableParallelism())])
}

/** The folder under which include/node/node.h lies, or null: then node-gyp looks for itself, and downloads. */
export function nodeHeaders(): string | null {
  const configured = process.env.npm_config_nodedir
  const prefix = dirname(dirname(process.execPath))
  const candidates = [...(configured === undefined ? [] : [configured]), prefix, '/usr']
  return candidates.find((folder) => existsSync(join(folder, 'include/node/node.h'))) ?? null
}

async function nodeGyp(args: string[]): Promise<void> {
  const program = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk).slice(-20_000)
    })
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) {
    const lines = output.trimEnd().split('\n').slice(-40).join('\n')
    throw configError('build-failed', `wanted the native engine built, node-gyp ${args[0]} failed; \`lossmith doctor\` says what it needs\n${lines}`)
  }
}
