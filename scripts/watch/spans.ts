/**
 * Lines of a terminal as pieces of text with a style: cut and placed by the cells that they fill, then made text with or without colour. What a
 * run says is shown as text whatever it holds: control characters, which a terminal would obey, become blanks.
 */
export type Style = 'bold' | 'dim' | 'good' | 'warn' | 'bad' | 'accent'
export type Span = string | readonly [text: string, style: Style]
export type Line = readonly Span[]

const codes: Record<Style, string> = { bold: '1', dim: '2', good: '32', warn: '33', bad: '31', accent: '36' }

/** Cells that a text fills: none for marks that combine, two for wide characters. */
export function cells(text: string): number {
  let count = 0
  for (const character of text) count += cellsOf(character)
  return count
}

/** As much of a text as fits, with an ellipsis where it was cut. */
export function cut(text: string, width: number): string {
  if (cells(text) <= width) return text
  let kept = ''
  let count = 0
  for (const character of text) {
    count += cellsOf(character)
    if (count > width - 1) break
    kept += character
  }
  return width > 0 ? `${kept}…` : ''
}

export const padded = (text: string, width: number) => cut(text, width) + ' '.repeat(Math.max(0, width - cells(text)))

export const lineCells = (line: Line) => line.reduce((sum, span) => sum + cells(textOf(span)), 0)

/** `left`, blanks, `right`; where both do not fit, `left` alone. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = width - lineCells(left) - lineCells(right)
  return room < 2 ? left : [...left, ' '.repeat(room), ...right]
}

/** As many pieces from the first as fit whole, two blanks between them. */
export function fitting(pieces: readonly Line[], width: number): Line {
  let line: Line = []
  for (const piece of pieces) {
    const longer: Line = line.length === 0 ? piece : [...line, '  ', ...piece]
    if (line.length > 0 && lineCells(longer) > width) break
    line = longer
  }
  return line
}

/** The text of a line for a terminal, at most `width` cells. */
export function lineText(line: Line, width: number, colour: boolean): string {
  let left = width
  let text = ''
  for (const span of line) {
    const shown = cut(clean(textOf(span)), left)
    left -= cells(shown)
    if (shown === '') continue
    text += colour && typeof span !== 'string' ? `\x1b[${codes[span[1]]}m${shown}\x1b[0m` : shown
  }
  return text.trimEnd()
}

const textOf = (span: Span) => (typeof span === 'string' ? span : span[0])
/** Also the characters that turn the direction of text around. */
const clean = (text: string) => text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ')

function cellsOf(character: string): number {
  if (/\p{Mn}|\p{Me}|[\u200b-\u200d]/u.test(character)) return 0
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
    character,
  )
    ? 2
    : 1
}
