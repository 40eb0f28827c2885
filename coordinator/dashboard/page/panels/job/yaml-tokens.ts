/** A job as resolved, cut into coloured pieces, line by line. It knows the YAML that `yaml` writes for jobs, not all of YAML. */
export interface Token {
  readonly kind: 'key' | 'mark' | 'string' | 'number' | 'word' | 'comment' | 'space'
  readonly text: string
}

export interface Line {
  readonly tokens: readonly Token[]
  /** Of the candidate losses of a search. */
  readonly candidate: boolean
}

export function yamlLines(yaml: string): Line[] {
  const path: { indent: number; key: string }[] = []
  return yaml
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => {
      const [, indent, marks, key, rest] = /^(\s*)((?:- )*)(?:("(?:[^"\\]|\\.)*"|[^\s"'#][^:#]*?)(?=:(?:\s|$)))?(.*)$/.exec(line)!
      if (key !== undefined) {
        const depth = indent!.length + marks!.length
        while ((path.at(-1)?.indent ?? -1) >= depth) path.pop()
        path.push({ indent: depth, key })
      }
      const tokens = [
        { kind: 'space' as const, text: indent! },
        { kind: 'mark' as const, text: marks! },
        { kind: 'key' as const, text: key ?? '' },
        ...valueTokens(rest!),
      ]
      const names = path.map((part) => part.key)
      const candidate = names[0] === 'loss' && (names[1] === 'candidates' || names[1] === 'search') && line.trim() !== `${names[1]}:`
      return { tokens: tokens.filter(({ text }) => text !== ''), candidate }
    })
}

/** What stands after a key: `: value  # comment`. */
function valueTokens(text: string): Token[] {
  const [, mark, space, value, comment] = /^(:?)(\s*)("(?:[^"\\]|\\.)*"|'[^']*'|.*?)(\s+#.*|#.*)?$/.exec(text)!
  return [
    { kind: 'mark', text: mark! },
    { kind: 'space', text: space! },
    { kind: valueKind(value!), text: value! },
    { kind: 'comment', text: comment ?? '' },
  ]
}

function valueKind(value: string): Token['kind'] {
  if (/^[-+]?(\d[\d_]*)?\.?\d+(e[-+]?\d+)?$/i.test(value)) return 'number'
  if (/^(true|false|null|~|\[\]|\{\})$/.test(value)) return 'word'
  return /^["']/.test(value) || value !== '' ? 'string' : 'space'
}
