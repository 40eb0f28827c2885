import { configError } from '../../common/errors.js'
import { type ClickLogOptions, writeClickLog } from '../synth/write-click-log.js'
import { type NoisySliceOptions, type SliceOfLogOptions, writeNoisySlice, writeSliceOfLog } from '../synth/write-noisy-slice.js'
import { type RatingsOptions, writeRatings } from '../synth/write-ratings.js'
import type { Terminal } from '../terminal.js'

export const kinds = ['clicks', 'noisy-slice', 'ratings'] as const

export interface SynthOptions extends Omit<ClickLogOptions & NoisySliceOptions & RatingsOptions, 'rows' | 'columns'> {
  readonly kind: (typeof kinds)[number]
  /** All rows of `from`, when not given. */
  readonly rows?: number
  readonly from?: string
}

/** Options that not every kind has, and who has them. */
const owners: Partial<Record<keyof SynthOptions, readonly (SynthOptions['kind'] | 'from')[]>> = {
  fields: ['clicks', 'noisy-slice'],
  values: kinds,
  positiveRate: ['clicks', 'noisy-slice'],
  auc: ['clicks', 'noisy-slice'],
  test: kinds,
  sliceShare: ['noisy-slice', 'from'],
  flipRate: ['noisy-slice', 'from'],
  clean: ['noisy-slice', 'from'],
  from: ['from'],
}

/** Writes a log whose truth is known and says how good a model of it can be. `given` knows which options are no defaults. */
export async function synth(options: SynthOptions, given: (option: string) => boolean, terminal: Terminal): Promise<number> {
  checkOptions(options, given)
  const started = Date.now()
  let shown = started
  const { facts, text } = await write(options, (rows) => {
    if (Date.now() - shown < 250) return
    shown = Date.now()
    const part = options.rows === undefined ? '' : `${((100 * rows) / options.rows).toFixed(0)} %  `
    terminal.redraw(`${part}${rows.toLocaleString('en')} rows`)
  })
  terminal.redraw('')
  const seconds = (Date.now() - started) / 1000
  const head = `${facts.file}: ${facts.rows.toLocaleString('en')} rows in ${seconds.toFixed(1)} s`
  terminal.result(`${head}${text} (also in ${facts.file}.truth.json)`, { ok: true, ...facts, seconds })
  return 0
}

function checkOptions(options: SynthOptions, given: (option: string) => boolean): void {
  const { kind, rows, from } = options
  if (from !== undefined && kind !== 'noisy-slice') throw configError('usage', `--from: wanted --kind noisy-slice, got ${kind}`)
  if (rows === undefined && from === undefined) throw configError('usage', 'wanted --rows, got none')
  const own = from === undefined ? kind : 'from'
  for (const [option, whose] of Object.entries(owners)) {
    if (whose.includes(own) || !given(option)) continue
    const name = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    throw configError('usage', `--${name}: wanted ${from === undefined ? `another kind than ${kind}` : 'no --from beside it'}`)
  }
}

interface Written {
  readonly facts: { readonly file: string; readonly rows: number } & Record<string, unknown>
  /** What follows the number of rows. */
  readonly text: string
}

async function write({ rows, ...options }: SynthOptions, progress: (rows: number) => void): Promise<Written> {
  const part = (share: number) => `${(100 * share).toFixed(1)} %`
  const count = (many: number) => many.toLocaleString('en')
  const best = (facts: { testRows: number; bestAuc: number; bestLogloss: number }) => {
    const auc = Number.isNaN(facts.bestAuc) ? 'not defined (they lack one of the labels)' : facts.bestAuc.toFixed(4)
    return `best reachable on the last ${count(facts.testRows)} rows: AUC ${auc}, logloss ${facts.bestLogloss.toFixed(4)}`
  }
  if (options.from !== undefined) {
    const facts = await writeSliceOfLog({ ...options, ...(rows === undefined ? {} : { rows }) } as SliceOfLogOptions, progress)
    return { facts: { ...facts }, text: `, ${count(facts.flips)} labels flipped in the slice, ${count(facts.skipped)} lines left out` }
  }
  const sized = { ...options, rows: rows! }
  if (options.kind === 'noisy-slice') {
    const facts = await writeNoisySlice(sized, progress)
    const noisy = `with flipped labels taken for true: logloss ${facts.noisyLogloss.toFixed(4)}`
    return { facts: { ...facts }, text: `, ${count(facts.flips)} labels flipped in the slice\n${best(facts)}; ${noisy}` }
  }
  if (options.kind === 'ratings') {
    const facts = await writeRatings(sized, progress)
    const shares = facts.classShares.map(part).join(', ')
    const reachable = `logloss ${facts.bestLogloss.toFixed(4)}, accuracy ${facts.bestAccuracy.toFixed(4)}`
    return { facts: { ...facts }, text: `, ratings 0 to 4: ${shares}\nbest reachable on the last ${count(facts.testRows)} rows: ${reachable}` }
  }
  const facts = await writeClickLog(sized, progress)
  return { facts: { ...facts }, text: `, ${part(facts.positiveRate)} positive\n${best(facts)}` }
}
