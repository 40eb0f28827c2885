import { loadNative } from '../../native/ts/binding.js'
import { buildNative } from '../build-native.js'
import type { Terminal } from '../terminal.js'

/** Builds the native engine and shows that it loads. */
export async function build(terminal: Terminal): Promise<number> {
  terminal.note('building the native engine (a minute or two the first time, seconds when nothing changed)', { event: 'build' })
  await buildNative()
  const facts = loadNative().describe()
  if (!terminal.quiet) terminal.result(`engine ${facts.version} for CPU class ${facts.cpuClass}`, { ok: true, ...facts })
  return 0
}
