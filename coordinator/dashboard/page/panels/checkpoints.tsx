/** The checkpoints that are kept, the newest first, and the command that goes on from it. */

import { CopyButton } from '../copy-button.js'
import { compact, count, duration } from '../format-number.js'
import { Panel } from '../panel.js'
import type { PanelInput } from '../panel-input.js'
import { ScrollBox } from '../scroll-box.js'
import { useClock } from '../use-clock.js'
import { useRuns } from '../use-runs.js'

/** More of them scroll: the command below stays in sight. */
const mostAtOnce = 8

export function CheckpointsPanel({ primary }: PanelInput) {
  useRuns([primary])
  const now = useClock(5000)
  const newestFirst = [...primary.checkpoints].sort((a, b) => b.step - a.step)
  const command = `lossmith train --resume ${quoted(primary.description?.directory ?? primary.info.where)}`
  return (
    <Panel
      name="checkpoints"
      title="Checkpoints"
      filled={newestFirst.length > 0}
      empty={
        primary.over
          ? 'The run ended before its first checkpoint.'
          : 'None yet: one is written at the end of an epoch, when the run is paused or stopped, and when you ask for one.'
      }
    >
      <ScrollBox label="Checkpoints, the newest first" scrolls={newestFirst.length > mostAtOnce}>
        <ul class="checkpoints">
          {newestFirst.map(({ name, step, bytes, unixMs }, i) => (
            <li key={name}>
              <span class="checkpoint-step">step {count(step)}</span>
              {i === 0 && <strong class="tag good">newest</strong>}
              <span class="faint">{bytes > 0 && `${compact(bytes)}B`}</span>
              <time class="faint" dateTime={new Date(unixMs).toISOString()} title={new Date(unixMs).toLocaleString()}>
                {duration(Math.max(0, now - unixMs))} ago
              </time>
            </li>
          ))}
        </ul>
      </ScrollBox>
      <p class="faint small">To go on from the newest, with any number of workers:</p>
      <div class="command">
        <code>{command}</code>
        <CopyButton text={command} what="the command" />
      </div>
    </Panel>
  )
}

/** As a shell wants it. */
const quoted = (path: string) => (/^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`)
