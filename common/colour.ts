/**
 * Colours that most people tell apart. The sequence for a size from 0 to 1 falls evenly in the lightness of OKLab (Ottosson, 2020), from pale
 * yellow over green to dark blue, so that equal differences look equal, also in grey and to those who do not see red or green.
 */

export type Rgb = readonly [red: number, green: number, blue: number]

/** For lines: the set of Okabe and Ito (2008) without yellow, which white paper swallows. */
const distinct = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#5f5f5f']

/** Colour and, from the eighth line on, dashes. */
export function lineStyle(index: number): { stroke: string; dash?: string } {
  const dashes = [undefined, '6 4', '2 3'][Math.floor(index / distinct.length) % 3]
  return { stroke: distinct[index % distinct.length]!, ...(dashes !== undefined && { dash: dashes }) }
}

/** From 0 (pale) to 1 (dark); bytes of sRGB. */
export function sequence(part: number): Rgb {
  const t = Math.min(1, Math.max(0, part))
  const chroma = 0.03 + 0.08 * Math.sin(Math.PI * (0.1 + 0.85 * t))
  return srgb(lightness.from + (lightness.to - lightness.from) * t, chroma, ((105 + 165 * t) * Math.PI) / 180)
}

export const hex = (colour: Rgb): string => `#${colour.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`

const lightness = { from: 0.97, to: 0.3 }

/** From OKLCh to sRGB. */
function srgb(light: number, chroma: number, hue: number): Rgb {
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)]
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
  return linear.map(gamma) as unknown as Rgb
}

function gamma(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055
  return Math.round(255 * Math.min(1, Math.max(0, value)))
}
