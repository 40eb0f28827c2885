/** Reads Prometheus' text format strictly, by its grammar alone: what /metrics tells, as a test asks for it. */
export interface Exposition {
  /** By name of the metric. */
  families: Map<string, { type: string; help: string }>
  samples: { name: string; labels: Record<string, string>; value: number }[]
  /** Of the series with these labels, among others; undefined when there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined
}

export function readExposition(text: string): Exposition {
  const families: Exposition['families'] = new Map()
  const samples: Exposition['samples'] = []
  const helps = new Map<string, string>()
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line)
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (comment?.[1] === 'HELP') helps.set(comment[2]!, comment[3]!)
    else if (comment) families.set(comment[2]!, { type: comment[3]!, help: helps.get(comment[2]!) ?? '' })
    else if (sample) samples.push({ name: sample[1]!, labels: labelsOf(sample[2] ?? ''), value: numberOf(sample[3]!) })
    else throw new Error(`wanted a line of Prometheus' text format, got ${line}`)
  }
  const fits = (wanted: Record<string, string>, labels: Record<string, string>) =>
    Object.entries(wanted).every(([name, value]) => labels[name] === value)
  return { families, samples, value: (name, labels = {}) => samples.find((sample) => sample.name === name && fits(labels, sample.labels))?.value }
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  const each = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y
  while (each.lastIndex < text.length) {
    const at = each.lastIndex
    const match = each.exec(text)
    if (match === null) throw new Error(`wanted a label at ${at}, got ${text.slice(at)}`)
    labels[match[1]!] = match[2]!.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  }
  return labels
}

/** Go's numbers: NaN and infinities in any case. */
function numberOf(text: string): number {
  if (/^nan$/i.test(text)) return Number.NaN
  const infinite = /^([+-]?)inf$/i.exec(text)
  return infinite ? (infinite[1] === '-' ? -1 : 1) * Number.POSITIVE_INFINITY : Number(text)
}
