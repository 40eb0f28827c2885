/** The mean time of a rank's steps, in parts; as long as its step beside the longest one's. */
import { parts, type StepSplit } from '../../../../monitor/step-times/step-split.js'

export function SplitBar({ split, longestMs }: { split: StepSplit; longestMs: number }) {
  const sum = parts.reduce((total, part) => total + split[part], 0)
  const told = parts.filter((part) => split[part] > 0.05)
  return (
    <div class="split">
      <div class="split-track">
        <div class="split-bar" style={{ width: `${Math.min(100, (100 * sum) / longestMs)}%` }} aria-hidden="true">
          {told.map((part) => (
            <span key={part} class={`split-part split-${part}`} style={{ flexGrow: split[part] }} />
          ))}
        </div>
      </div>
      <p class="split-words">
        <b>{milliseconds(split.totalMs)}</b>
        {told.map((part) => (
          <span key={part}>
            {part} {milliseconds(split[part])}
          </span>
        ))}
      </p>
    </div>
  )
}

const milliseconds = (ms: number) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')} ms`
