/**
 * The screen of `lossmith watch`: what is known of a run -> lines of text, a pure function. Sections stand in a fixed order; on a low screen what
 * matters less gets no row, and what is left over goes to the newest notices.
 */
import { duration } from '../progress.js'
import { bar, curve, range, spark } from './curve.js'
import { drawWorkers } from './draw-workers.js'
import { keyLines, keyWords } from './keys.js'
import type { Metric, Notice, RunView } from './run-view.js'
import { fitting, type Line, lineText, padded, type Style, spread } from './spans.js'

export interface Screen {
  readonly width: number
  readonly height: number
  readonly colour: boolean
  readonly unicode: boolean
}

export interface Shown {
  /** Address or directory. */
  readonly where: string
  /** Why nothing comes; empty while the run answers. */
  readonly trouble: string
  /** Instead of the keys: what was asked, and what came of it. */
  readonly message: string
  readonly help: boolean
  /** Keys are read. */
  readonly keys: boolean
  readonly nowMs: number
}

export function drawScreen(view: RunView, shown: Shown, screen: Screen): string[] {
  const { width, height, colour } = screen
  const head = [title(view, shown, width), progressLine(view, shown, screen)]
  const foot: Line[] = shown.message !== '' ? [[[shown.message, 'accent']]] : shown.keys ? [keyWords(view.paused, width)] : []
  const room = Math.max(0, height - head.length - foot.length)
  const body = (shown.help ? keyLines : drawBody(view, shown, screen, room)).slice(0, room)
  // The keys stand at the bottom; a last picture, without them, is no longer than it must be.
  while (foot.length > 0 && body.length < room) body.push([])
  return [...head, ...body, ...foot].slice(0, height).map((line) => lineText(line, width, colour))
}

function title({ description, phase, latest, part, leftMs }: RunView, { where, trouble }: Shown, width: number): Line {
  const epoch = latest?.epoch ?? description?.epoch ?? 0
  const pieces: Line[] = [[[description?.name ?? 'a run', 'bold']], [[phase, phaseStyle(phase)]]]
  if (epoch > 0) pieces.push([`epoch ${epoch}/${description?.epochs ?? '?'}`])
  if (part !== undefined) pieces.push([`${Math.floor(100 * part)} %`])
  if (leftMs !== undefined && trouble === '') pieces.push([`ETA ${duration(leftMs)}`])
  return spread(fitting(pieces, width), [[where, 'dim']], width)
}

const phaseStyle = (phase: string): Style =>
  phase === 'failed' ? 'bad' : phase === 'paused' ? 'warn' : phase === 'training' || phase === 'done' ? 'good' : 'accent'

/** How much of the epoch is read; or what is wrong. */
function progressLine({ part, description }: RunView, { trouble }: Shown, { width, unicode }: Screen): Line {
  if (trouble !== '') return [[trouble, 'bad']]
  if (description?.error) return [[description.error, 'bad']]
  if (part === undefined) return []
  const full = Math.round(part * width)
  return [
    [(unicode ? '━' : '#').repeat(full), 'good'],
    [(unicode ? '─' : '-').repeat(width - full), 'dim'],
  ]
}

/** A section: rows that it would like, those without which it is left out, and its lines for as many as it got. */
interface Section {
  readonly wanted: number
  readonly least: number
  readonly draw: (rows: number) => Line[]
}

/** By what goes first when there is room: pictures grow before the rest of the notices comes. */
const ranks = ['loss', 'workers', 'notices', 'weights', 'scores', 'checkpoints'] as const
const leastNotices = 2

function drawBody(view: RunView, shown: Shown, screen: Screen, room: number): Line[] {
  const sections = sectionsOf(view, shown, screen)
  const given = new Map(ranks.map((name) => [name, 0]))
  let left = room
  const give = (name: (typeof ranks)[number], rows: number) => {
    const more = Math.min(rows - given.get(name)!, left)
    if (more <= 0) return
    given.set(name, given.get(name)! + more)
    left -= more
  }
  for (const name of ranks) if (sections[name].least <= left) give(name, sections[name].least)
  for (const name of ranks) if (given.get(name)! > 0 && name !== 'notices') give(name, sections[name].wanted)
  const shownSections = (['loss', 'weights', 'scores', 'workers', 'checkpoints', 'notices'] as const).filter((name) => given.get(name)! > 0)
  const gaps = left >= shownSections.length - 1 + leastNotices
  if (gaps) left -= Math.max(0, shownSections.length - 1)
  give('notices', sections.notices.wanted)
  return shownSections.flatMap((name, i) => [...(gaps && i > 0 ? [[]] : []), ...sections[name].draw(given.get(name)!)])
}

function sectionsOf(view: RunView, shown: Shown, screen: Screen): Record<(typeof ranks)[number], Section> {
  const { weights, metrics, notices } = view
  const workers = drawWorkers(view, shown.nowMs, screen.width)
  const notice = Math.min(notices.length, leastNotices)
  // A third of a high screen is the curve.
  const lossRows = view.latest === undefined ? 0 : Math.max(4, Math.floor(screen.height / 4) - 1)
  const checkpoints = view.checkpoints.length > 0 ? 1 : 0
  return {
    loss: { least: Math.min(2, lossRows), wanted: lossRows, draw: (rows) => drawLoss(view, screen, rows) },
    workers: { least: Math.min(3, workers.length), wanted: workers.length, draw: (rows) => workers.slice(0, rows) },
    notices: { least: notice, wanted: notices.length, draw: (rows) => notices.slice(-rows).map(drawNotice) },
    weights: { least: Math.min(weights.length, 4), wanted: weights.length, draw: (rows) => drawWeights(view, screen).slice(0, rows) },
    scores: { least: metrics.size > 0 ? 1 + metrics.size : 0, wanted: 1 + metrics.size, draw: () => drawScores([...metrics.values()], screen.width) },
    checkpoints: { least: checkpoints, wanted: checkpoints, draw: () => drawCheckpoints(view, shown.nowMs) },
  }
}

function drawLoss(view: RunView, { width, unicode }: Screen, rows: number): Line[] {
  const { latest, loss, losses, rates } = view
  const pieces: Line[] = [['loss ', [loss.toFixed(4), 'bold']], [`step ${count(latest!.step)}`]]
  const { examplesPerSecond } = latest!
  if (examplesPerSecond > 0) pieces.push([`${count(Math.round(examplesPerSecond))} examples/s`])
  if (examplesPerSecond > 0 && width >= 68) pieces.push([[spark(rates, Math.min(24, width - 60), unicode), 'dim']])
  const { least, most } = range(losses.map(([, y]) => y))
  const labels = [most, least].map((value) => value.toFixed(4))
  const gutter = Math.max(...labels.map((label) => label.length)) + 1
  const picture = curve(losses, Math.max(1, width - gutter), rows - 1, unicode)
  const label = (i: number) => (i === 0 ? labels[0]! : i === picture.length - 1 ? labels[1]! : '')
  return [
    fitting(pieces, width),
    ...picture.map(
      (line, i): Line => [
        [padded(label(i), gutter), 'dim'],
        [line, 'accent'],
      ],
    ),
  ]
}

function drawWeights({ weights, candidates }: RunView, { width, unicode }: Screen): Line[] {
  const names = weights.map((_, i) => candidates[i] ?? `loss ${i + 1}`)
  const wide = Math.min(Math.max(...names.map((name) => name.length)), Math.floor(width / 3))
  const room = Math.max(0, Math.min(60, width - wide - 7))
  return weights.map((weight, i): Line => [`${padded(names[i]!, wide)} ${weight.toFixed(3)} `, [bar(weight, room, unicode), 'accent']])
}

/** A row a split; columns that no split has, or that do not fit, are left out. */
function drawScores(metrics: readonly Metric[], width: number): Line[] {
  const wide = Math.max(...metrics.map(({ split }) => split.length))
  const number = (value: number) => (Number.isFinite(value) ? value.toFixed(4) : '-')
  const all = [
    { head: 'AUC', cell: ({ auc }: Metric) => number(auc) },
    { head: 'logloss', cell: ({ logloss }: Metric) => number(logloss) },
    { head: 'accuracy', cell: ({ accuracy }: Metric) => number(accuracy) },
    { head: 'step', cell: ({ step }: Metric) => count(step) },
  ].filter(({ cell }) => metrics.some((metric) => cell(metric) !== '-'))
  const columns = all.slice(0, Math.max(1, Math.floor((width - wide) / scoreCells)))
  const row = (cellOf: (column: (typeof all)[number]) => string) => columns.map((column) => cellOf(column).padStart(scoreCells)).join('')
  return [
    [[padded('', wide) + row(({ head }) => head), 'dim']],
    ...metrics.map((metric): Line => [padded(metric.split, wide) + row(({ cell }) => cell(metric))]),
  ]
}

const scoreCells = 10

function drawCheckpoints({ checkpoints }: RunView, nowMs: number): Line[] {
  const [{ name, unixMs, bytes }, ...older] = checkpoints as [RunView['checkpoints'][number], ...RunView['checkpoints']]
  const age = unixMs > 0 ? `  ${duration(Math.max(0, nowMs - unixMs))} ago` : ''
  const size = bytes > 0 ? `  ${(bytes / 2 ** 20).toFixed(1)} MiB` : ''
  return [[['checkpoint ', 'dim'], `${name}${age}${size}`, [older.length > 0 ? `  and ${older.length} older` : '', 'dim']]]
}

function drawNotice({ unixMs, level, text }: Notice): Line {
  const time = new Date(unixMs).toTimeString().slice(0, 8)
  return [[`${time} `, 'dim'], level === 'info' ? text : [text, level === 'warn' ? 'warn' : 'bad']]
}

const count = (value: number) => value.toLocaleString('en')
