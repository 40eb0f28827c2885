/** Chooses the run that is shown, and others to lay over it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { RunInfo } from './messages.js'
import { maxShown } from './run-list.js'

interface PickerProps {
  infos: readonly RunInfo[]
  /** Ids, the primary first. */
  shown: readonly string[]
  onShow: (ids: string[]) => void
}

export function RunPicker({ infos, shown, onShow }: PickerProps) {
  const [open, setOpen] = useState(false)
  const place = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!open) return
    const outside = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false)
    }
    const leave = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      setOpen(false)
      button.current?.focus()
    }
    document.addEventListener('pointerdown', outside)
    document.addEventListener('keydown', leave)
    return () => {
      document.removeEventListener('pointerdown', outside)
      document.removeEventListener('keydown', leave)
    }
  }, [open])
  const primary = infos.find(({ id }) => id === shown[0])
  const toggle = (id: string) => onShow(shown.includes(id) ? shown.filter((one) => one !== id) : [...shown, id])
  return (
    <div class="picker" ref={place}>
      <button
        type="button"
        id="runs"
        class="picker-button"
        aria-expanded={open}
        aria-controls="run-choices"
        ref={button}
        onClick={() => setOpen(!open)}
      >
        <span class="picker-name">{primary?.name || primary?.label}</span>
        {primary !== undefined && primary.name !== '' && primary.name !== primary.label && <span class="picker-label">{primary.label}</span>}
        <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
          <path d="M2.5 4.5L6 8l3.5-3.5" />
        </svg>
      </button>
      <section id="run-choices" class="picker-list" aria-label="Runs" hidden={!open}>
        <p class="picker-hint">Open one, or lay up to {maxShown} over each other.</p>
        <ul>
          {infos.map((info) => (
            <li key={info.id} class={shown[0] === info.id ? 'chosen' : ''}>
              <button
                type="button"
                onClick={() => {
                  onShow([info.id])
                  setOpen(false)
                }}
              >
                <span class="picker-run">{info.label}</span>
                <span class="picker-facts">
                  {info.phase}
                  {info.live ? ', live' : ''} · {info.name !== '' && info.name !== info.label && `${info.name} · `}
                  {info.where}
                </span>
              </button>
              <label>
                <input
                  type="checkbox"
                  checked={shown.includes(info.id)}
                  disabled={shown.includes(info.id) ? shown.length === 1 : shown.length >= maxShown}
                  onChange={() => toggle(info.id)}
                />
                <span>
                  shown<span class="hidden">: {info.label}</span>
                </span>
              </label>
            </li>
          ))}
        </ul>
      </section>
    </div>
  )
}
