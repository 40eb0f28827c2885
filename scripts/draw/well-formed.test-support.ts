/** Requires of a picture what a reader of XML does. */
import assert from 'node:assert/strict'

/** Every tag that opens closes, in order. */
export function assertWellFormed(svg: string): void {
  const open: string[] = []
  for (const [, closing, name, own] of svg.matchAll(/<(\/?)([\w]+)(?:\s[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (closing === '/') assert.equal(open.pop(), name)
    else if (own !== '/') open.push(name!)
  }
  assert.deepEqual(open, [])
  assert.equal(svg.replace(/<[^<>]*>/g, '').match(/[<>]/), null)
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/)
}
