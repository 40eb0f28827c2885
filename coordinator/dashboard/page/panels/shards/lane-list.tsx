/** Each lane: how many of its rows and blocks are done, and the line that it reads next. */
import { percent } from '../../format-number.js'
import type { ProgressReply } from '../../messages.js'

export function LaneList({ lanes }: { lanes: ProgressReply['lanes'] }) {
  return (
    <ul class="lanes" aria-label="Lanes">
      {lanes.map(({ lane, rank, rows, rowsDone, blocks, blocksDone, file, line }) => {
        const part = rows > 0 ? rowsDone / rows : 0
        const where = file === '' ? 'at its end' : `${file.replace(/^.*\//, '')}:${line}`
        return (
          <li key={lane} class="lane">
            <span class="lane-name">
              lane {lane}{' '}
              <span class="faint">
                rank {rank} · block {Math.min(blocks, blocksDone + (part < 1 ? 1 : 0))} of {blocks}
              </span>
            </span>
            <span class="lane-part">{percent(part)}</span>
            <span class="lane-bar" aria-hidden="true">
              <span style={{ width: `${100 * part}%` }} />
            </span>
            <span class="lane-place faint" title={`${file}:${line}`}>
              {where}
            </span>
          </li>
        )
      })}
    </ul>
  )
}
