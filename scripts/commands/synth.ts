import { type ClickLogOptions, writeClickLog } from '../synth/write-click-log.js'
import type { Terminal } from '../terminal.js'

/** Writes a click log with a known truth and says how good a model of it can be. */
export async function synth(options: ClickLogOptions, terminal: Terminal): Promise<number> {
  const started = Date.now()
  let shown = started
  const facts = await writeClickLog(options, (rows) => {
    if (Date.now() - shown < 250) return
    shown = Date.now()
    terminal.redraw(`${((100 * rows) / options.rows).toFixed(0)} %  ${rows.toLocaleString('en')} rows`)
  })
  terminal.redraw('')
  const seconds = (Date.now() - started) / 1000
  const text = [
    `${facts.file}: ${facts.rows.toLocaleString('en')} rows in ${seconds.toFixed(1)} s, ${(100 * facts.positiveRate).toFixed(1)} % positive`,
    `best reachable on the last ${facts.testRows.toLocaleString('en')} rows: AUC ${Number.isNaN(facts.bestAuc) ? 'not defined (they lack one of the labels)' : facts.bestAuc.toFixed(4)}, logloss ${facts.bestLogloss.toFixed(4)} (also in ${facts.file}.truth.json)`,
  ]
  terminal.result(text.join('\n'), { ok: true, ...facts, seconds })
  return 0
}
