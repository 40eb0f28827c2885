/** The workers of a run: who computes which lanes on what, where the time of their steps goes, when they were last heard, and who holds up the others. */

import { stepSplits } from '../../../monitor/step-times/step-split.js'
import { straggler, stragglerWords } from '../../../monitor/step-times/straggler.js'
import { jobNumber } from '../job-number.js'
import { Panel } from '../panel.js'
import type { PanelInput } from '../panel-input.js'
import { ScrollBox } from '../scroll-box.js'
import { useClock } from '../use-clock.js'
import { useRuns } from '../use-runs.js'
import { heartbeat } from './workers/heartbeat.js'
import { SplitLegend } from './workers/split-legend.js'
import { WorkerRow } from './workers/worker-row.js'

/** Steps that times are the mean of. */
const lastSteps = 20
const columns = ['rank', 'worker', 'device', 'lanes', 'examples/s', 'heard', 'where a step’s time goes']

export function WorkersPanel({ primary }: PanelInput) {
  useRuns([primary])
  const { members, recent, description, describedMs, connected } = primary
  const live = (description?.live ?? false) && connected
  const now = useClock(1000, live)
  const splits = stepSplits(recent.slice(-lastSteps).map(({ ranks }) => ranks ?? []))
  const slow = straggler(splits)
  const longestMs = Math.max(...splits.map(({ totalMs }) => totalMs))
  const heartbeatMs = jobNumber(description?.jobYaml, 'heartbeatMs') ?? 1000
  const sorted = [...members].sort((a, b) => a.rank - b.rank)
  return (
    <Panel name="workers" title="Workers" size="full" filled={members.length > 0} empty="No worker has joined yet." actions={<SplitLegend />}>
      {slow !== undefined && <p class="straggler">{stragglerWords(slow, splits.length)}.</p>}
      <ScrollBox label="Table of the workers" scrolls={sorted.length > 12}>
        <table class="workers">
          <thead>
            <tr>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((member) => (
              <WorkerRow
                key={member.member}
                member={member}
                split={splits.find(({ rank }) => rank === member.rank)}
                longestMs={longestMs}
                rate={mean(primary.steps.column(`rank.${member.rank}`)?.slice(-lastSteps))}
                heard={live ? heartbeat(member.heartbeatAgeMs, now - describedMs, heartbeatMs) : undefined}
                straggling={slow?.rank === member.rank}
              />
            ))}
          </tbody>
        </table>
      </ScrollBox>
      {splits.length > 0 && <p class="faint small">Times: mean of the last {Math.min(lastSteps, recent.length)} steps that were seen.</p>}
    </Panel>
  )
}

/** Over the steps that told it. */
function mean(rates: Float64Array = new Float64Array()): number | undefined {
  const known = rates.filter((rate) => !Number.isNaN(rate))
  return known.length === 0 ? undefined : known.reduce((sum, rate) => sum + rate, 0) / known.length
}
