/** One event. */
import type { Note } from './note.js'

export function EventLine({ note: { unixMs, level, kind, text, place } }: { note: Note }) {
  const time = new Date(unixMs)
  return (
    <li class={`event event-${level}`}>
      <time class="faint" dateTime={time.toISOString()} title={time.toLocaleString()}>
        {time.toLocaleTimeString('en-GB')}
      </time>
      <span class={`event-kind ${level}`}>{level === 'info' || kind === 'reject' ? kind : level}</span>
      <span class="event-text">
        {place !== undefined && <code class="event-place">{place}</code>} {text}
      </span>
    </li>
  )
}
