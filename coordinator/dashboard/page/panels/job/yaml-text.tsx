/** YAML with its keys and values in colours. */
import { useMemo } from 'preact/hooks'
import { ScrollBox } from '../../scroll-box.js'
import { yamlLines } from './yaml-tokens.js'

export function YamlText({ yaml }: { yaml: string }) {
  const lines = useMemo(() => yamlLines(yaml), [yaml])
  return (
    <ScrollBox label="The job as resolved">
      <pre class="yaml">
        {lines.map(({ tokens, candidate }, i) => (
          <span key={i} class={candidate ? 'yaml-line candidate-line' : 'yaml-line'}>
            {tokens.map(({ kind, text }, j) => (
              <span key={j} class={`yaml-${kind}`}>
                {text}
              </span>
            ))}
            {'\n'}
          </span>
        ))}
      </pre>
    </ScrollBox>
  )
}
