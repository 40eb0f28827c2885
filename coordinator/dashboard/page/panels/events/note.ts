/** What happened in a run, as a line for people: its level, a text, and where in the input. */
import type { Member, RunEvent } from '../../messages.js'

export interface Note {
  readonly unixMs: number
  readonly level: 'info' | 'warn' | 'error'
  readonly kind: 'phase' | 'log' | 'reject' | 'checkpoint' | 'members' | 'metric'
  readonly text: string
  /** Of a reject: `file:line`. */
  readonly place?: string
}

/** Members of a generation that an event names one by one. */
const mostNamed = 8

/** Undefined for what is no line: steps and surfaces. */
export function noteOf(event: RunEvent): Note | undefined {
  const { unixMs, phase, log, reject, checkpoint, members, metric } = event
  if (reject != null) return { unixMs, kind: 'reject', level: 'warn', text: reject.reason, place: `${reject.file}:${reject.line}` }
  if (log != null) return { unixMs, kind: 'log', level: levelOf(log.level), text: log.message }
  if (phase != null) {
    const level = phase.phase === 'failed' ? 'error' : 'info'
    return {
      unixMs,
      kind: 'phase',
      level,
      text: phase.detail === '' || phase.detail === phase.phase ? phase.phase : `${phase.phase}: ${phase.detail}`,
    }
  }
  if (checkpoint != null) return { unixMs, kind: 'checkpoint', level: 'info', text: `checkpoint ${checkpoint.name}` }
  if (members != null) {
    return { unixMs, kind: 'members', level: 'info', text: `generation ${members.generation}: ${whoHasWhat(members.members)}` }
  }
  if (metric != null) {
    const { split, step, auc, accuracy, logloss } = metric
    // Several classes have no AUC.
    const quality = auc == null || Number.isNaN(auc) ? `accuracy ${places(accuracy)}` : `AUC ${places(auc)}`
    return { unixMs, kind: 'metric', level: 'info', text: `${split} after step ${step}: ${quality}, logloss ${places(logloss)}` }
  }
  return undefined
}

export type Shown = 'all' | 'warnings' | 'rejects'

/** Newest first, at most `limit`. `search`: letters in any case, in the text or the place. */
export function shownNotes(events: readonly RunEvent[], shown: Shown, search: string, limit: number): Note[] {
  const wanted = search.trim().toLowerCase()
  const notes: Note[] = []
  for (let i = events.length - 1; i >= 0 && notes.length < limit; i--) {
    const note = noteOf(events[i]!)
    if (note === undefined) continue
    if (shown === 'rejects' && note.kind !== 'reject') continue
    if (shown === 'warnings' && note.level === 'info') continue
    if (wanted !== '' && !`${note.text} ${note.place ?? ''}`.toLowerCase().includes(wanted)) continue
    notes.push(note)
  }
  return notes
}

const levelOf = (level: string): Note['level'] => (level === 'warn' || level === 'error' ? level : 'info')

function whoHasWhat(members: readonly Member[]): string {
  const lanes = members.reduce((sum, { laneCount }) => sum + laneCount, 0)
  if (members.length > mostNamed) return `${members.length} workers, ${lanes} lanes`
  return members.map(({ member, firstLane, laneCount }) => `${member} lanes ${laneRange(firstLane, laneCount)}`).join(', ')
}

const laneRange = (first: number, count: number) => (count === 1 ? `${first}` : `${first}–${first + count - 1}`)

/** JSON has no NaN: what could not be computed is null. */
const places = (value: number | null) => value?.toFixed(4) ?? '–'
