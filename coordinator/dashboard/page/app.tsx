/** The page: its header and its panels, in the order in which they are read. A panel is added here and in panels/. */
import type { ComponentType } from 'preact'
import { Header } from './header.js'
import { Notice } from './notice.js'
import { Now } from './now.js'
import { withCode } from './panel.js'
import type { PanelInput } from './panel-input.js'
import { CandidatesPanel } from './panels/candidates.js'
import { CheckpointsPanel } from './panels/checkpoints.js'
import { EventsPanel } from './panels/events.js'
import { JobPanel } from './panels/job.js'
import { LossPanel } from './panels/loss.js'
import { MetricsPanel } from './panels/metrics.js'
import { ShardsPanel } from './panels/shards.js'
import { SurfacePanel } from './panels/surface.js'
import { ThroughputPanel } from './panels/throughput.js'
import { WorkersPanel } from './panels/workers.js'
import { useRunList, useShownRuns } from './run-list.js'
import { ShownRuns } from './shown-runs.js'
import { useRuns } from './use-runs.js'
import { useSettled } from './use-settled.js'

const panels: ComponentType<PanelInput>[] = [
  LossPanel,
  MetricsPanel,
  SurfacePanel,
  CandidatesPanel,
  ThroughputPanel,
  WorkersPanel,
  ShardsPanel,
  CheckpointsPanel,
  EventsPanel,
  JobPanel,
]

export function App() {
  const { infos, settings, lost } = useRunList()
  const [runs, show] = useShownRuns(infos)
  const primary = runs[0]
  const settled = useSettled(primary)
  if (infos === undefined || primary === undefined) return <Nothing text={nothing(infos === undefined, lost)} />
  return (
    <>
      <Header infos={infos} settings={settings} runs={runs} onShow={show} />
      <main>
        <Notice runs={runs} lost={lost} />
        {settled && (
          <>
            <Now run={primary} key={primary.id} />
            <ShownRuns runs={runs} onShow={show} />
            <Panels runs={runs} primary={primary} />
          </>
        )}
      </main>
    </>
  )
}

function Panels({ runs, primary }: PanelInput) {
  useRuns(runs)
  // Nothing is mixed: the panel of the surface says so.
  const one = runs.every(({ lossMode }) => lossMode === 'one')
  const shown = panels.filter((panel) => panel !== CandidatesPanel || !one)
  return (
    <div class="panels">
      {shown.map((Shown) => (
        <Shown key={Shown.name} runs={runs} primary={primary} />
      ))}
    </div>
  )
}

function Nothing({ text }: { text: string }) {
  return (
    <main class="nothing">
      <h1>Lossmith</h1>
      <p role="status">{withCode(text)}</p>
    </main>
  )
}

function nothing(unknown: boolean, lost: boolean): string {
  if (lost) return 'The dashboard does not answer, trying again. Is `lossmith dashboard` still running?'
  return unknown ? 'Looking for runs…' : 'No run yet: `lossmith train job.yaml` begins one, and this page shows it by itself.'
}
