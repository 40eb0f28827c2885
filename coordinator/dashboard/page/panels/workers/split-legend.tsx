/** What the parts of a step's bar are; each has a pattern besides its colour. */
import { parts } from '../../../../monitor/step-times/step-split.js'

export function SplitLegend() {
  return (
    <ul class="split-legend" aria-label="Parts of a step">
      {parts.map((part) => (
        <li key={part}>
          <span class={`split-chip split-${part}`} aria-hidden="true" />
          {part}
        </li>
      ))}
    </ul>
  )
}
