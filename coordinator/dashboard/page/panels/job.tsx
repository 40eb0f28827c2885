/** The job as resolved, every default included; the candidate losses of a search stand out. */

import { CopyButton } from '../copy-button.js'
import { Panel } from '../panel.js'
import type { PanelInput } from '../panel-input.js'
import { useRuns } from '../use-runs.js'
import { YamlText } from './job/yaml-text.js'

export function JobPanel({ primary }: PanelInput) {
  useRuns([primary], 1000)
  const yaml = primary.description?.jobYaml ?? ''
  return (
    <Panel
      name="job"
      title="Job"
      filled={yaml !== ''}
      empty="The job will be here once the run is reached."
      actions={<CopyButton text={yaml} what="the job" />}
    >
      <YamlText yaml={yaml} />
    </Panel>
  )
}
