/** A file from its first row to its last: read, held out, or still to be read. */
import { count, percent } from '../../format-number.js'
import type { ProgressReply } from '../../messages.js'
import { fileCells, pieces } from './file-cells.js'

export function FileStrip({ file }: { file: ProgressReply['files'][number] }) {
  const cells = fileCells(file)
  const name = file.path.replace(/^.*\//, '')
  const part = file.rows > 0 ? file.rowsDone / file.rows : 0
  const words = `${count(file.rowsDone)} of ${count(file.rows)} training rows, ${percent(part)}`
  return (
    <li class="file">
      <p class="file-name" title={file.path}>
        <span>{name}</span> <span class="faint">{words}</span>
      </p>
      <svg class="strip" viewBox={`0 0 ${Math.max(1, cells.length)} 10`} preserveAspectRatio="none" role="img" aria-label={`${name}: ${words}`}>
        <rect class="strip-left" width={cells.length} height="10" />
        {pieces(cells).map(({ from, to, read, heldOut }) => (
          <g key={from}>
            {/* Of a cell that is read in part, the lower part is coloured. */}
            {read > 0 && <rect class="strip-read" x={from} width={to - from} y={10 * (1 - heldOut - read)} height={10 * read} />}
            {heldOut > 0 && <rect class="strip-held" x={from} width={to - from} y={10 * (1 - heldOut)} height={10 * heldOut} />}
          </g>
        ))}
      </svg>
    </li>
  )
}
