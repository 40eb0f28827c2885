/** Numbers for people: the same width for the same kind, a dash for none. */
const none = '–'
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `12,345` */
export function count(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? none : whole.format(value)
}

/** `12.3 k`, `4.56 M` */
export function compact(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return none
  const size = Math.abs(value)
  if (size >= 1e9) return `${three(value / 1e9)} G`
  if (size >= 1e6) return `${three(value / 1e6)} M`
  if (size >= 1e4) return `${three(value / 1e3)} k`
  return size >= 100 || Number.isInteger(value) ? whole.format(value) : three(value)
}

/** Three digits: a figure that changes keeps its width. */
const three = (value: number) => value.toPrecision(3)

/** Four places, as losses and scores are told. */
export function score(value: number | undefined | null): string {
  if (value == null || Number.isNaN(value)) return none
  return Math.abs(value) >= 1000 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toExponential(2) : value.toFixed(4)
}

/** `37 %` */
export function percent(part: number | undefined): string {
  return part === undefined || Number.isNaN(part) ? none : `${Math.floor(100 * part)} %`
}

/** `8 s`, `2 min 5 s`, `1 h 12 min`, `3 d 4 h` */
export function duration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return none
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`
}
