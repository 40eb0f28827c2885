/** The step that the surface is shown for: a slider over the surfaces of the run, a button that sweeps through them, one that stays with the newest. */
import type { Surface } from './surfaces.js'
import type { Timeline } from './use-timeline.js'

export interface TimeSliderProps {
  readonly surfaces: readonly Surface[]
  readonly timeline: Timeline
  /** Newer ones may come. */
  readonly growing: boolean
}

export function TimeSlider({ surfaces, timeline, growing }: TimeSliderProps) {
  const { at, live, playing, show, goLive, togglePlaying } = timeline
  const step = surfaces[at]!.step.toLocaleString('en')
  const last = surfaces.at(-1)!.step.toLocaleString('en')
  return (
    <div class="timeline">
      <button type="button" class="icon-button" aria-label={playing ? 'Halt the sweep' : 'Play: sweep through the training'} onClick={togglePlaying}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path fill="currentColor" d={playing ? 'M3 2h4v12H3zM9 2h4v12H9z' : 'M3 1.5v13l11-6.5z'} />
        </svg>
      </button>
      <input
        type="range"
        min={0}
        max={surfaces.length - 1}
        step={1}
        value={at}
        aria-label="Step of the surface"
        aria-valuetext={`step ${step} of ${last}`}
        onInput={(event) => show(Number(event.currentTarget.value))}
      />
      <span class="timeline-step">
        step {step} <span class="faint">of {last}</span>
      </span>
      <button type="button" class="live-button" aria-pressed={live} onClick={goLive}>
        {growing && <span class="live-dot" aria-hidden="true" />}
        {growing ? 'Live' : 'Newest'}
      </button>
    </div>
  )
}
