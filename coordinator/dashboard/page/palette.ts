/** Colours and dashes of lines, by number. The colours are those of theme.css: told apart with any colour vision, at least 3 : 1 on both themes. */
export const seriesColours = 8

/** `var(--series-3)`, for HTML and SVG. */
export function seriesVariable(number: number): string {
  return `var(--series-${number % seriesColours})`
}

/** The colour itself, as a canvas needs it. */
export function seriesColour(number: number): string {
  return cssColour(`--series-${number % seriesColours}`)
}

export function cssColour(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim()
}

/** Colour is never the only difference between two runs: each has its dash. The first is solid. */
export const dashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3]]

/** `#rrggbb` with an opacity. */
export function faint(colour: string, opacity: number): string {
  return `${colour}${Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0')}`
}
