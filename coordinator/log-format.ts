/** The format of a job's logs. Of a delimited one the workers have read the header of every file: all must be the same, and have the columns of the job. */
import { configError } from '../common/errors.js'
import type { LogFormat } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'
import { nearestName } from '../common/job/nearest-name.js'

/** The header of each file; '' where the format has none. @throws config `data-header`, `data-column` */
export function logFormat({ data }: Job, headers: readonly { path: string; header: string }[]): LogFormat {
  if (data.format === 'criteo') return { kind: 'criteo' }
  if (data.format === 'libsvm') return { kind: 'libsvm', fields: data.fields }
  const { delimiter, label, numbers, ignore } = data
  const columns = headerColumns(headers, delimiter)
  const where = headers[0]!.path
  checkUses({ 'data.label': [label], 'data.numbers': numbers, 'data.categories': data.categories, 'data.ignore': ignore }, columns, where)
  const used = new Set([label, ...numbers, ...ignore])
  const categories = data.categories.length > 0 ? data.categories : columns.filter((name) => !used.has(name))
  if (categories.length + numbers.length === 0)
    throw configError('data-column', `[data] ${where}: wanted a column besides ${label} to learn from, got none`)
  return { kind: 'delimited', delimiter, columns, label, numbers, categories }
}

/** Other files must have the columns of the run's. @throws config `data-header` */
export function checkHeaders(format: LogFormat, headers: readonly { path: string; header: string }[]): void {
  if (format.kind !== 'delimited') return
  for (const { path, header } of headers) checkSame(path, splitHeader(path, header, format.delimiter), 'the run', format.columns)
}

function headerColumns(headers: readonly { path: string; header: string }[], delimiter: string): string[] {
  const { path: where, header } = headers[0]!
  const columns = splitHeader(where, header, delimiter)
  for (const { path, header } of headers) checkSame(path, splitHeader(path, header, delimiter), where, columns)
  return columns
}

function checkSame(path: string, columns: readonly string[], where: string, wanted: readonly string[]): void {
  const odd = Array.from({ length: Math.max(columns.length, wanted.length) }).findIndex((_, i) => columns[i] !== wanted[i])
  if (odd === -1) return
  const [want, got] = [wanted, columns].map((names) => (names[odd] === undefined ? 'none' : JSON.stringify(names[odd])))
  throw configError('data-header', `[data] ${path}: wanted the header of ${where}, whose column ${odd + 1} is ${want}, got ${got}`)
}

/** Names of the first line. A name may stand in quotes, as a cell. */
function splitHeader(path: string, header: string, delimiter: string): string[] {
  const names: string[] = []
  const text = header.replace(/^\ufeff/, '')
  for (let at = 0; at <= text.length; at++) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(text.slice(at))
    const end = quoted ? at + quoted[0].length : text.indexOf(delimiter, at)
    if (quoted ? end < text.length && text[end] !== delimiter : text[at] === '"')
      throw configError('data-header', `[data] ${path}: wanted a header whose names end after their closing quotes, got ${text.slice(at, at + 40)}`)
    const name = quoted ? quoted[1]!.replaceAll('""', '"') : text.slice(at, end === -1 ? text.length : end)
    if (names.includes(name))
      throw configError('data-header', `[data] ${path}: wanted a header that names every column once, got ${JSON.stringify(name)} twice`)
    names.push(name)
    at = end === -1 ? text.length : end
  }
  return names
}

function checkUses(uses: Record<string, readonly string[]>, columns: readonly string[], where: string): void {
  const seen = new Map<string, string>()
  for (const [key, names] of Object.entries(uses))
    for (const name of names) {
      const before = seen.get(name)
      if (before !== undefined)
        throw configError('data-column', `[data] ${key}: wanted every column once, got ${JSON.stringify(name)}, which ${before} names too`)
      seen.set(name, key)
      if (columns.includes(name)) continue
      const near = nearestName(name, columns)
      const hint = near === null ? `its columns are ${shortList(columns)}` : `did you mean ${near}?`
      throw configError('data-column', `[data] ${key}: wanted a column of ${where}, got ${JSON.stringify(name)}; ${hint}`)
    }
}

const shortList = (names: readonly string[]) =>
  names.length <= 20 ? names.join(', ') : `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`
