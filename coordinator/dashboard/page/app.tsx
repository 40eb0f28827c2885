/** The page: its header and its panels, in the order in which they are read. A panel is added here and in panels/. */
import type { ComponentType } from 'preact'
import type { RunStore } from './run-store.js'

export interface PanelInput {
  /** Those that are laid over each other; `primary` is the first of them. */
  runs: RunStore[]
  /** The one that panels of a single run show, and that the buttons ask. */
  primary: RunStore
}

const panels: ComponentType<PanelInput>[] = []

export function App({ runs }: { runs: RunStore[] }) {
  const primary = runs[0]
  if (primary === undefined) return <main class="nothing">No run yet.</main>
  return (
    <main class="panels">
      {panels.map((Shown) => (
        <Shown key={Shown.name} runs={runs} primary={primary} />
      ))}
    </main>
  )
}
