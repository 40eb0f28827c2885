/** One event; with its date where that is not today. */
import type { Note } from './note.js'

export function EventLine({ note: { unixMs, level, kind, text, place } }: { note: Note }) {
  const time = new Date(unixMs)
  return (
    <li class={`event event-${level}`}>
      <time class="faint" dateTime={time.toISOString()} title={time.toLocaleString()}>
        {isToday(time) ? '' : `${time.toLocaleDateString('sv-SE')} `}
        {time.toLocaleTimeString('en-GB')}
      </time>
      <span class={`event-kind ${level}`}>{level === 'info' || kind === 'reject' ? kind : level}</span>
      <span class="event-text">
        {place !== undefined && <code class="event-place">{place}</code>} {text}
      </span>
    </li>
  )
}

const isToday = (time: Date) => time.toDateString() === new Date().toDateString()
