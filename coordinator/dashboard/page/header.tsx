/** The bar at the top: which run, its phase, the buttons, the theme. Stays in sight. */
import { useEffect } from 'preact/hooks'
import { Controls } from './controls.js'
import type { RunInfo, Settings } from './messages.js'
import { RunPicker } from './run-picker.js'
import type { RunStore } from './run-store.js'
import { useRuns } from './use-runs.js'
import { type Theme, useView } from './view.js'

interface HeaderProps {
  infos: readonly RunInfo[]
  settings: Settings
  runs: RunStore[]
  onShow: (ids: string[]) => void
}

export function Header({ infos, settings, runs, onShow }: HeaderProps) {
  const primary = runs[0]!
  return (
    <header class="bar">
      <h1 class="brand">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <path d="M4 6c5 0 5 17 12 17s7-5 12-5" stroke="var(--series-0)" />
          <path d="M4 14c6 0 8-5 24-5" stroke="var(--series-1)" stroke-dasharray="1 5" />
        </svg>
        <span>Lossmith</span>
      </h1>
      <RunPicker infos={infos} shown={runs.map(({ id }) => id)} onShow={onShow} />
      <PhaseChip run={primary} />
      <span class="bar-space" />
      {!settings.readOnly && <Controls run={primary} key={primary.id} />}
      <ThemeButton />
    </header>
  )
}

function PhaseChip({ run }: { run: RunStore }) {
  useRuns([run])
  const live = run.description?.live ?? run.info.live
  const { over } = run
  // Nobody has to answer for a run that is over.
  const lost = run.lost !== '' && !over
  const kind = lost ? 'lost' : live || over ? (kinds[run.phase] ?? 'busy') : 'idle'
  const phase = run.phase === 'done' && run.phaseDetail === 'stopped' ? 'stopped' : run.phase
  const text = lost ? 'no answer' : phase || 'connecting'
  useEffect(() => {
    document.title = `${run.name}: ${text} · Lossmith`
  }, [run.name, text])
  const asked = run.description?.paused && run.phase === 'training' ? ', pause asked' : ''
  return (
    <p
      class={`chip ${kind}`}
      id="phase"
      data-phase={run.phase}
      data-connected={String(run.connected)}
      role="status"
      title={run.phaseDetail || run.message}
    >
      <span class="chip-dot" aria-hidden="true" />
      {text}
      {asked}
      {!lost && run.connected && !live && !over && ' · not live'}
    </p>
  )
}

const kinds: Record<string, string> = { training: 'good', paused: 'paused', done: 'done', failed: 'failed', connecting: 'busy' }

const nextTheme: Record<Theme, Theme> = { system: 'dark', dark: 'light', light: 'system' }
const themeIcons: Record<Theme, string> = {
  system: 'M2.5 3.5h11v7h-11zM6 13.5h4M8 10.5v3',
  dark: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z',
  light: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
}

function ThemeButton() {
  const { theme, setTheme } = useView()
  return (
    <button
      type="button"
      id="theme"
      class="icon-button"
      aria-label={`Theme: ${theme}`}
      title={`Theme: ${theme}`}
      onClick={() => setTheme(nextTheme[theme])}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={themeIcons[theme]} />
      </svg>
    </button>
  )
}
