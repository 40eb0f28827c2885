/**
 * `lossmith watch` where no terminal is: lines on stdout, as train writes them, or with --json an object an event. After a run has come back its
 * history is sent again: what was told before is left out. `unread`: nobody reads the lines any more.
 */
import type { RunDescription, RunEvent } from '../../coordinator/monitor/monitor-client.js'
import { Progress } from '../progress.js'
import { writeAll } from '../terminal.js'
import type { Follower } from './follow-run.js'

export function watchLines(json: boolean, unread: () => void): Follower {
  const say = (text: string, facts: Record<string, unknown>) => {
    if (!writeAll(1, json ? `${JSON.stringify(facts)}\n` : `${text}\n`)) unread()
  }
  let description: RunDescription | undefined
  let progress: Progress | undefined
  let lost = false
  let newestMs = 0
  let toldMs = 0
  const note = (text: string) => say(text, {})
  return {
    connected: () => {
      if (lost) say('the run answers again', { event: 'connected' })
      if (lost) toldMs = newestMs
      lost = false
    },
    described: (now) => {
      if (description === undefined) {
        const { name, phase, step, epoch, epochs } = now
        say(`${name}: ${phase}, step ${step}, epoch ${epoch} of ${epochs}`, { event: 'describe', ...now })
      }
      description = now
      progress ??= new Progress({
        terminal: { live: false, width: 80, note, redraw: () => undefined },
        epochs: now.epochs,
        rowsInEpoch: async () => description?.rowsInEpoch || null,
      })
    },
    event: (event) => {
      if (event.unixMs <= toldMs) return
      newestMs = event.unixMs
      if (json) say('', { event: event.kind, ...factsOf(event) })
      else progress?.show(event)
    },
    lost: (reason) => {
      if (!lost) say(`no answer, trying again: ${reason}`, { event: 'lost', reason })
      lost = true
    },
  }
}

function factsOf(event: RunEvent): object {
  return { unixMs: event.unixMs, ...(event.kind && event[event.kind]) }
}
