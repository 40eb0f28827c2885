/** What happened in the run, the newest first: phases, checkpoints, generations, warnings, and each malformed line with its file and line number. */
import { useState } from 'preact/hooks'
import { Choice } from '../choice.js'
import { count } from '../format-number.js'
import { Panel } from '../panel.js'
import type { PanelInput } from '../panel-input.js'
import { ScrollBox } from '../scroll-box.js'
import { useRuns } from '../use-runs.js'
import { EventLine } from './events/event-line.js'
import { type Shown, shownNotes } from './events/note.js'

/** More lines than anybody scrolls through. */
const mostLines = 300
const choices = [
  ['all', 'all'],
  ['warnings', 'warnings'],
  ['rejects', 'rejects'],
] as const

export function EventsPanel({ primary }: PanelInput) {
  useRuns([primary])
  const [shown, show] = useState<Shown>('all')
  const [search, find] = useState('')
  const notes = shownNotes(primary.notes, shown, search, mostLines)
  const rejects = primary.description?.rejects ?? 0
  return (
    <Panel
      name="events"
      title="Events"
      size="wide"
      filled={primary.notes.length > 0}
      empty="Nothing has happened yet."
      actions={
        <>
          <Choice label="Which events" value={shown} choices={choices} onChange={show} />
          <input
            type="search"
            class="search"
            placeholder="search"
            aria-label="Search events"
            value={search}
            onInput={(event) => find(event.currentTarget.value)}
          />
        </>
      }
    >
      {rejects > 0 && (
        <p class="small warn-text">
          {count(rejects)} malformed {rejects === 1 ? 'line' : 'lines'}, all of them in rejects.tsv of the run.
        </p>
      )}
      <ScrollBox label="Events, the newest first">
        <ol class="event-list" reversed>
          {notes.map((note, i) => (
            <EventLine key={`${note.unixMs} ${notes.length - i}`} note={note} />
          ))}
        </ol>
        {notes.length === 0 && <p class="faint">None {search === '' ? `of the ${shown}` : `with “${search}”`}.</p>}
      </ScrollBox>
    </Panel>
  )
}
