/** What of the input is read in this epoch: each file as a strip, each lane's place in it, and the ledger that says where every row went. */

import { count } from '../format-number.js'
import { Panel } from '../panel.js'
import type { PanelInput } from '../panel-input.js'
import { ScrollBox } from '../scroll-box.js'
import { useRuns } from '../use-runs.js'
import { FileStrip } from './shards/file-strip.js'
import { LaneList } from './shards/lane-list.js'
import { LedgerEquation } from './shards/ledger-equation.js'

/** A log may be cut in thousands of files: past this many only those that are being read are shown, and as many others as fit. */
const mostFiles = 40

export function ShardsPanel({ primary }: PanelInput) {
  useRuns([primary])
  const { description, progress } = primary
  // Before the first epoch there is nothing to balance.
  const ledger = description?.ledger?.epoch ? description.ledger : undefined
  const files = progress?.files ?? []
  const reading = new Set(progress?.lanes.map(({ file }) => file))
  const shown =
    files.length <= mostFiles ? files : [...files].sort((a, b) => Number(reading.has(b.path)) - Number(reading.has(a.path))).slice(0, mostFiles)
  return (
    <Panel
      name="shards"
      title="Rows read"
      size="wide"
      filled={ledger != null || files.length > 0}
      empty="The files and their rows will be here once they are indexed."
      actions={ledger != null && <span class="faint">epoch {count(ledger.epoch)}</span>}
    >
      {ledger != null && <LedgerEquation ledger={ledger} rows={description!.rowsInEpoch} />}
      {files.length > 0 && (
        <>
          <ul class="strip-legend" aria-label="Colours of the strips">
            <li>
              <span class="strip-chip strip-read" aria-hidden="true" /> read
            </li>
            <li>
              <span class="strip-chip strip-left" aria-hidden="true" /> to be read
            </li>
            <li>
              <span class="strip-chip strip-held" aria-hidden="true" /> held out for validation and test
            </li>
          </ul>
          <ScrollBox label="Files" scrolls={shown.length > 10}>
            <ul class="files">
              {shown.map((file) => (
                <FileStrip key={file.path} file={file} />
              ))}
            </ul>
          </ScrollBox>
          {shown.length < files.length && <p class="faint small">and {count(files.length - shown.length)} other files</p>}
          <ScrollBox label="Lanes" scrolls={progress!.lanes.length > 32}>
            <LaneList lanes={progress!.lanes} />
          </ScrollBox>
        </>
      )}
    </Panel>
  )
}
