/** SVG as nested values: an element is its text. Nothing is loaded from elsewhere, so that a picture looks the same wherever it is opened. */

export type Svg = string

type Attributes = Readonly<Record<string, string | number | undefined>>

/** Attributes that are undefined are left out; numbers are rounded to a hundredth of a pixel. */
export function element(name: string, attributes: Attributes, ...children: readonly Svg[]): Svg {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escaped(value!)}"`)
    .join('')
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`
}

export interface TextStyle {
  readonly size?: number
  readonly weight?: number
  readonly fill?: string
  readonly anchor?: 'start' | 'middle' | 'end'
  /** Degrees about the point itself. */
  readonly rotate?: number
}

export function text(x: number, y: number, content: string, { size = 12, weight, fill = ink, anchor, rotate }: TextStyle = {}): Svg {
  const style = { 'font-size': size, 'font-weight': weight, fill, 'text-anchor': anchor }
  const transform = rotate === undefined ? undefined : `rotate(${rotate} ${round(x)} ${round(y)})`
  return element('text', { x, y, ...style, transform }, escaped(content))
}

export interface LineStyle {
  readonly stroke: string
  readonly width?: number
  readonly dash?: string
}

export function line(x1: number, y1: number, x2: number, y2: number, { stroke, width = 1, dash }: LineStyle): Svg {
  return element('line', { x1, y1, x2, y2, stroke, 'stroke-width': width, 'stroke-dasharray': dash })
}

/** Points that are not finite leave a gap. */
export function polyline(points: readonly (readonly [x: number, y: number])[], { stroke, width = 1.75, dash }: LineStyle): Svg {
  let pen = 'M'
  let path = ''
  for (const [x, y] of points) {
    if (Number.isFinite(x) && Number.isFinite(y)) path += `${pen}${round(x)} ${round(y)}`
    pen = Number.isFinite(x) && Number.isFinite(y) ? 'L' : 'M'
  }
  const style = { stroke, 'stroke-width': width, 'stroke-dasharray': dash, 'stroke-linejoin': 'round', 'stroke-linecap': 'round' }
  return element('path', { d: path, fill: 'none', ...style })
}

/** A whole picture. `title` and `description` are read aloud by screen readers. */
export function document(width: number, height: number, title: string, description: string, children: readonly Svg[]): string {
  const head = [element('title', {}, escaped(title)), element('desc', {}, escaped(description))]
  const size = { width, height, viewBox: `0 0 ${round(width)} ${round(height)}` }
  const root = { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img', 'font-family': fonts }
  return `${element('svg', root, ...head, element('rect', { width, height, fill: paper }), ...children)}\n`
}

/** About how wide a text is in the fonts of a picture, in pixels. */
export function textWidth(content: string, size: number): number {
  return 0.56 * size * [...content].length
}

/** The text, shortened to fit. */
export function fitted(content: string, size: number, room: number): string {
  const letters = [...content]
  const fit = Math.max(1, Math.floor(room / textWidth('x', size)))
  return letters.length <= fit ? content : `${letters.slice(0, fit - 1).join('')}…`
}

export const ink = '#1f2328'
export const faint = '#59636e'
export const rule = '#d8dee4'
export const paper = '#ffffff'

const fonts = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"

const round = (value: number) => String(Math.round(value * 100) / 100)

/** XML has no control characters, not even escaped ones. */
function escaped(content: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
  return content.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd').replace(/[&<>"]/g, (letter) => names[letter]!)
}
