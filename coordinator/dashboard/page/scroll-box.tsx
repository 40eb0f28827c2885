/** What is longer than its panel scrolls in it, by keyboard too. */
import type { ComponentChildren } from 'preact'

export interface ScrollBoxProps {
  /** What is in it, for screen readers. */
  label: string
  children: ComponentChildren
  /** False: it is short, and no stop of the Tab key. */
  scrolls?: boolean
}

export function ScrollBox({ label, children, scrolls = true }: ScrollBoxProps) {
  if (!scrolls) return <>{children}</>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll-box" tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
