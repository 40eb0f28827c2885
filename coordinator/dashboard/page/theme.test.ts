import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const css = readFileSync(join(import.meta.dirname, '../../../../coordinator/dashboard/page/theme.css'), 'utf8')

/** The colours of a theme; the dark one has its own block. */
function colours(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(`${selector} {`)).split('}')[0]!
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name!, colour!]))
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
  }
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light! + 0.05) / (dark! + 0.05)
}

for (const [name, selector] of [
  ['light', ':root'],
  ['dark', ':root[data-theme="dark"]'],
] as const) {
  test(`${name}: lines have 3 : 1 on cards, text 4.5 : 1 wherever it stands`, () => {
    const theme = colours(selector)
    assert.equal(contrast('#000000', '#ffffff'), 21)
    for (let i = 0; i < 8; i++) {
      const ratio = contrast(theme.get(`series-${i}`)!, theme.get('card')!)
      assert.ok(ratio >= 3, `series-${i}: ${ratio.toFixed(2)}`)
    }
    for (const text of ['ink', 'faint', 'good', 'warn', 'bad'])
      for (const ground of ['ground', 'card', 'raised', 'hover']) {
        const ratio = contrast(theme.get(text)!, theme.get(ground)!)
        assert.ok(ratio >= 4.5, `${text} on ${ground}: ${ratio.toFixed(2)}`)
      }
  })
}
