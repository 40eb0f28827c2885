/** What every panel is given. */
import type { RunStore } from './run-store.js'

export interface PanelInput {
  /** Those that are laid over each other; `primary` is the first of them. */
  runs: RunStore[]
  /** The one that panels of a single run show, and that the buttons ask. */
  primary: RunStore
}
