/** What the colours mean: the scale from weight 0 to 1. */
import { HeatCanvas } from './heat-canvas.js'

const scale = [Array.from({ length: 64 }, (_, i) => (i + 0.5) / 64)]

export function HeatLegend() {
  return (
    <div class="heat-legend" role="img" aria-label="Colours of the weights, from 0 to 1">
      <span>weight 0</span>
      <HeatCanvas rows={scale} columns={64} />
      <span>1</span>
    </div>
  )
}
