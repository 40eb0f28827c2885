/** A card of the page: a heading, what belongs to it on its right, and its content, or a sentence saying what will come while there is none. */
import type { ComponentChildren } from 'preact'

export interface PanelProps {
  /** As in `data-panel`. */
  name: string
  title: string
  /** Shows data. */
  filled: boolean
  /** Said while it shows none: what will be here, and why it is not yet. `code` is set as such. */
  empty: string
  /** Buttons and facts beside the heading. */
  actions?: ComponentChildren
  /** Takes two columns, or the whole width, where there is room. */
  size?: 'wide' | 'full'
  children?: ComponentChildren
}

export function Panel({ name, title, filled, empty, actions, size, children }: PanelProps) {
  const heading = `panel-${name}`
  return (
    <section class={`panel ${size ?? ''}`} data-panel={name} data-filled={String(filled)} aria-labelledby={heading}>
      <header class="panel-head">
        <h2 id={heading}>{title}</h2>
        {filled && actions !== undefined && <div class="panel-actions">{actions}</div>}
      </header>
      {filled ? (
        <div class="panel-body">{children}</div>
      ) : (
        <p class="panel-empty">
          <span>{withCode(empty)}</span>
        </p>
      )}
    </section>
  )
}

/** What stands between backticks is code. */
export function withCode(text: string): ComponentChildren[] {
  return text.split('`').map((part, i) => (i % 2 === 0 ? part : <code key={part}>{part}</code>))
}
