/**
 * How ./scripts/test shows a run of node --test: a line per file, failures in full where they happen and by name again at the end,
 * what was skipped and why, and as the last line the count.
 */
import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const count = { passed: 0, failed: 0, skipped: 0 }
  const failures: string[] = []
  const started = Date.now()
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    if (data.details.type === 'suite') continue
    const file = data.file === undefined ? '' : relative(process.cwd(), data.file).replace(/^dist\//, '')
    const title = file === '' || data.name.endsWith(file) ? data.name : `${file}: ${data.name}`
    if (type === 'test:pass') {
      if (data.skip !== undefined) {
        count.skipped++
        yield `- ${title}: skipped${typeof data.skip === 'string' && data.skip !== '' ? `, ${data.skip}` : ''}\n`
      } else {
        count.passed++
        yield `✓ ${title} (${Math.round(data.details.duration_ms)} ms)\n`
      }
      continue
    }
    const error = data.details.error as Error & { cause?: unknown; failureType?: string }
    if (error.failureType === 'subtestsFailed') continue
    count.failed++
    failures.push(title)
    yield `✗ ${title} (${Math.round(data.details.duration_ms)} ms)\n${indent(describe(error.cause ?? error))}\n`
  }
  if (failures.length > 0) yield `\nfailed:\n${failures.map((title) => `  ✗ ${title}\n`).join('')}`
  yield `\n${Math.round((Date.now() - started) / 1000)} s\n`
  yield `${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}\n`
}

const describe = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))
const indent = (text: string) => text.replace(/^/gm, '    ')
