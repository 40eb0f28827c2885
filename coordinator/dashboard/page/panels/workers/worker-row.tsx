/** One worker, a row of the table; on a phone a card, whose cells name themselves. */

import type { StepSplit } from '../../../../monitor/step-times/step-split.js'
import { compact, duration } from '../../format-number.js'
import type { Member } from '../../messages.js'
import type { Heartbeat } from './heartbeat.js'
import { SplitBar } from './split-bar.js'

export interface WorkerRowProps {
  readonly member: Member
  readonly split: StepSplit | undefined
  readonly longestMs: number
  readonly rate: number | undefined
  /** Undefined when the run is over or cannot be reached. */
  readonly heard: Heartbeat | undefined
  readonly straggling: boolean
}

export function WorkerRow({ member, split, longestMs, rate, heard, straggling }: WorkerRowProps) {
  const { rank, host, pid, device, threads, firstLane, laneCount, cpuClass } = member
  const lanes = laneCount === 1 ? `${firstLane}` : `${firstLane} to ${firstLane + laneCount - 1}`
  return (
    <tr class={straggling ? 'straggling' : undefined}>
      <td class="worker-rank">{rank}</td>
      <td class="worker-name">
        {member.member}
        <span class="faint">
          {' '}
          {host} · {pid}
        </span>
        {straggling && <strong class="tag warn">straggler</strong>}
      </td>
      <td data-name="device" title={cpuClass}>
        {device}
        <span class="faint">
          {' '}
          {threads} {threads === 1 ? 'thread' : 'threads'}
        </span>
      </td>
      <td data-name="lanes">
        {lanes}
        <span class="faint"> ({laneCount})</span>
      </td>
      <td data-name="examples/s">{compact(rate)}</td>
      <td data-name="heard" class="worker-heard">
        {heard === undefined ? (
          '–'
        ) : heard.late ? (
          <strong class="tag warn">silent for {duration(heard.ageMs)}</strong>
        ) : (
          `${(heard.ageMs / 1000).toFixed(1)} s ago`
        )}
      </td>
      <td class="worker-split">{split === undefined ? <span class="faint">no step yet</span> : <SplitBar split={split} longestMs={longestMs} />}</td>
    </tr>
  )
}
