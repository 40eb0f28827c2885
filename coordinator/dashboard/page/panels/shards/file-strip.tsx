/** A file from its first row to its last: read, held out, or still to be read. */
import { Fragment } from 'preact'
import { count, percent } from '../../format-number.js'
import type { ProgressReply } from '../../messages.js'
import { fileCells, pieces } from './file-cells.js'

export function FileStrip({ file }: { file: ProgressReply['files'][number] }) {
  const cells = fileCells(file)
  const name = file.path.replace(/^.*\//, '')
  const part = file.rows > 0 ? file.rowsDone / file.rows : 0
  const words = `${count(file.rowsDone)} of ${count(file.rows)} training rows, ${percent(part)}`
  const area = (from: number, to: number, top: number, height: number) => ({
    left: `${(100 * from) / cells.length}%`,
    width: `${(100 * (to - from)) / cells.length}%`,
    top: `${100 * top}%`,
    height: `${100 * height}%`,
  })
  return (
    <li class="file">
      <p class="file-name" title={file.path}>
        <span>{name}</span> <span class="faint">{words}</span>
      </p>
      <div class="strip strip-left" role="img" aria-label={`${name}: ${words}`}>
        {pieces(cells).map(({ from, to, read, heldOut }) => (
          <Fragment key={from}>
            {/* Of a cell that is read in part, the lower part is coloured. */}
            {read > 0 && <span class="strip-read" style={area(from, to, 1 - heldOut - read, read)} />}
            {heldOut > 0 && <span class="strip-held" style={area(from, to, 1 - heldOut, heldOut)} />}
          </Fragment>
        ))}
      </div>
    </li>
  )
}
