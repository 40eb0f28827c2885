/**
 * Plain readers of delimited and libSVM logs, the reference that the native ones are compared with: whole texts in memory, cells cut by a state
 * machine, numbers by JavaScript. Also makes logs to compare on. Texts are latin1 strings: one character a byte.
 */
import { columnsOf, type FeaturePlan, type LogFormat } from '../../common/job/features.js'
import { numberToken, xxh64 } from './criteo-reference.js'

export interface ReferenceRow {
  /** From 1, as in the file: a header is line 1. */
  line: number
  /** What a reason must hold when the line is malformed, null when it is a row. */
  reject: string | null
  label: number
  ids: bigint[]
  numbers: number[]
  /** What stands behind each id. */
  texts: string[]
}

export function readFormat(text: string, features: FeaturePlan): ReferenceRow[] {
  const { format } = features
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const rows = lines.map((line, i) => referenceRow(line.replace(/\r$/, ''), i + 1, features))
  return format.kind === 'delimited' ? rows.slice(1) : rows
}

function referenceRow(text: string, line: number, features: FeaturePlan): ReferenceRow {
  const row: ReferenceRow = { line, reject: null, label: 0, ids: [], numbers: [], texts: [] }
  if (text.length > features.maxLineBytes) return { ...row, reject: `at most ${features.maxLineBytes} bytes` }
  const cut = features.format.kind === 'libsvm' ? cutLibsvm(text, features.format.fields) : cutDelimited(text, features.format)
  const label = labelOf(cut.label, features)
  // A line that cannot be cut has no label to complain about; one of libSVM is read from its start.
  if (typeof cut.reject === 'string' && features.format.kind === 'delimited') return { ...row, reject: cut.reject }
  if (label === null) return { ...row, reject: 'label: wanted' }
  if (cut.reject !== null) return { ...row, reject: cut.reject }
  row.label = label
  const names = columnsOf(features.format).numbers
  for (const [j, cell] of cut.numbers.entries()) {
    if (cell !== '' && !/^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(cell)) return { ...row, reject: `${names[j]}: wanted a number, got` }
    const value = cell === '' ? null : Number(cell)
    if (value !== null && !(value >= -(2 ** 63) && value < 2 ** 63)) return { ...row, reject: `${names[j]}: wanted a number below 2^63` }
    addNumber(row, j, value, features)
  }
  for (const [j, cell] of cut.categories.entries()) addId(row, cut.numbers.length + j, cell, features)
  return row
}

function addNumber(row: ReferenceRow, column: number, value: number | null, features: FeaturePlan): void {
  const { numbers } = features
  if (numbers.as === 'normalised') {
    const x = Math.log(1 + Math.max(value ?? 0, 0))
    row.numbers.push(value === null ? 0 : (x - (numbers.means?.[column] ?? 0)) / (numbers.deviations?.[column] ?? 1))
  } else addId(row, column, tokenOf(value), features)
}

function tokenOf(value: number | null): string {
  if (value === null) return numberToken(null)
  if (Number.isInteger(value)) return numberToken(BigInt(value))
  if (value > 2) return String(Math.floor(Math.log(value) ** 2))
  const tenths = Math.floor(value * 10)
  return tenths % 10 === 0 ? `S${tenths / 10}` : `S${(tenths / 10).toFixed(1)}`
}

function addId(row: ReferenceRow, column: number, text: string, features: FeaturePlan): void {
  row.texts.push(text)
  row.ids.push(xxh64(Buffer.from(text, 'latin1'), BigInt(column)) % BigInt(features.rows))
}

function labelOf(cell: string, { classes, firstClass, format }: FeaturePlan): number | null {
  if (classes > 1) {
    const place = /^-?[0-9]+$/.test(cell) ? Number(cell) - firstClass : -1
    return place >= 0 && place < classes ? place : null
  }
  const signs: Record<string, number> = format.kind === 'libsvm' ? { '-1': 0, '+1': 1 } : {}
  return ({ 0: 0, 1: 1, ...signs } as Record<string, number>)[cell] ?? null
}

interface Cut {
  label: string
  numbers: string[]
  categories: string[]
  reject: string | null
}

function cutLibsvm(text: string, fields: number): Cut {
  const [label = '', ...entries] = text.split(/[ \t]+/).filter((word) => word !== '')
  const cut = { label, numbers: [], categories: entries.map((entry) => entry.split(':')[0]!), reject: null }
  for (const [i, entry] of entries.slice(0, fields).entries()) {
    if (!/^[0-9]+:./.test(entry) && !/^[0-9]+:$/.test(entry)) return { ...cut, reject: `entry ${i + 1}: wanted index:1, got` }
    if (!/^[0-9]+:1(\.0*)?$/.test(entry)) return { ...cut, reject: `entry ${i + 1}: wanted the value 1` }
  }
  return entries.length === fields ? cut : { ...cut, reject: `wanted ${fields} entries index:1 (data.fields), got ${entries.length}` }
}

function cutDelimited(text: string, format: LogFormat): Cut {
  if (format.kind !== 'delimited') throw new Error('not a delimited log')
  const cells = cutCells(text, format.delimiter)
  if (typeof cells === 'string') return { label: '', numbers: [], categories: [], reject: cells }
  if (cells.length !== format.columns.length)
    return { label: '', numbers: [], categories: [], reject: `wanted ${format.columns.length} columns, got ${cells.length}` }
  const at = (name: string) => cells[format.columns.indexOf(name)]!
  return { label: at(format.label), numbers: format.numbers.map(at), categories: format.categories.map(at), reject: null }
}

/** One character at a time: outside quotes, inside them, or behind a quote that may close the cell. */
function cutCells(text: string, delimiter: string): string[] | string {
  const cells: string[] = ['']
  let state: 'start' | 'plain' | 'quoted' | 'closed' = 'start'
  for (const c of text) {
    if (state === 'quoted') {
      if (c === '"') state = 'closed'
      else cells[cells.length - 1] += c
    } else if (c === delimiter) {
      cells.push('')
      state = 'start'
    } else if (state === 'closed') {
      if (c !== '"') return `cell ${cells.length}: wanted the cell's end after its closing quote`
      cells[cells.length - 1] += c
      state = 'quoted'
    } else if (state === 'start' && c === '"') state = 'quoted'
    else {
      cells[cells.length - 1] += c
      state = 'plain'
    }
  }
  return state === 'quoted' ? `cell ${cells.length}: wanted a closing quote` : cells
}

export interface FormatLogOptions {
  rows: number
  /** From 0 to 1, one after the other. */
  draw: () => number
  malformed?: number
  ending?: '\n' | '\r\n' | 'mixed'
  finalEnding?: boolean
}

/** Columns id, price, click, site, age, "the, device": names, cells and numbers that need care. */
export function delimitedLog(delimiter: string, { rows, draw, malformed = 0, ending = '\n', finalEnding = true }: FormatLogOptions): string {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(draw() * choices.length)]!
  const numbers = ['', '0', '1', '2', '-3', '17', '2.5', '0.35', '-0.7', '-12.25', '1e3', '1.5e-7', '.5', '3.', '007', '9007199254740993', '1e18']
  const number = () => (draw() < 0.6 ? pick(numbers) : String((draw() * 10 ** Math.floor(draw() * 6)).toFixed(Math.floor(draw() * 5))))
  const words = ['', 'a', 'b c', 'é', `x${delimiter}y`, 'he said "no"', '"', '""', `"${delimiter}"`, 'tail"', 'z'.repeat(40)]
  const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`
  const word = () => {
    const cell = draw() < 0.7 ? pick(words) : `v${Math.floor(draw() * 30)}`
    return cell.includes(delimiter) || cell.startsWith('"') || draw() < 0.2 ? quote(cell) : cell
  }
  const cells = (i: number) => [String(i), number(), pick(['0', '1', '"1"']), word(), number(), word()]
  const breakers: ((row: string[]) => string)[] = [
    (row) => row.slice(1).join(delimiter),
    (row) => [...row, 'more'].join(delimiter),
    () => '',
    (row) => row.with(2, pick(['', '2', 'yes', '-1', '"'])).join(delimiter),
    (row) => row.with(1, pick(['abc', '1.2.3', '--1', '+1', '1 ', 'nan', 'inf', '0x10', '1e', '1e400', '9223372036854775808'])).join(delimiter),
    (row) => row.with(3, pick(['"open', '"closed" and more', '"a""'])).join(delimiter),
    (row) => row.with(5, 'y'.repeat(5000)).join(delimiter),
  ]
  const header = ['id', 'price', 'click', 'site', 'age', quote('the, device')].join(delimiter)
  const lines = Array.from({ length: rows }, (_, i) => (draw() < malformed ? pick(breakers)(cells(i)) : cells(i).join(delimiter)))
  return joinLines([header, ...lines], draw, ending, finalEnding)
}

/** Lines of `fields` entries, each field with indices of its own. */
export function libsvmLog(fields: number, { rows, draw, malformed = 0, ending = '\n', finalEnding = true }: FormatLogOptions): string {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(draw() * choices.length)]!
  const entry = (j: number) => `${100 * j + Math.floor(draw() * 50)}:${pick(['1', '1', '1', '1.0', '1.', '1.000'])}`
  const words = () => [pick(['0', '1', '-1', '+1']), ...Array.from({ length: fields }, (_, j) => entry(j))]
  const breakers: ((row: string[]) => string)[] = [
    (row) => row.slice(0, -1).join(' '),
    (row) => [...row, '7:1'].join(' '),
    () => '',
    (row) => row.with(0, pick(['2', 'a', '0.5', '++1'])).join(' '),
    (row) => row.with(2, pick(['3:0.5', '3:2', '3:', '3:10', '3:1.5', '3:1x'])).join(' '),
    (row) => row.with(fields, pick(['word', ':1', '12', '-3:1', 'qid:1'])).join(' '),
    (row) => [...row, '# note'].join(' '),
  ]
  const space = () => pick([' ', ' ', ' ', '  ', '\t'])
  const lines = Array.from({ length: rows }, () => {
    if (draw() < malformed) return pick(breakers)(words())
    return words().reduce((line, word) => line + space() + word) + pick(['', '', ' '])
  })
  return joinLines(lines, draw, ending, finalEnding)
}

function joinLines(lines: string[], draw: () => number, ending: '\n' | '\r\n' | 'mixed', finalEnding: boolean): string {
  const end = () => (ending === 'mixed' ? (draw() < 0.5 ? '\n' : '\r\n') : ending)
  return lines.map((line, i) => line + (i + 1 < lines.length || finalEnding ? end() : '')).join('')
}
