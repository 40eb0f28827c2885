/** How the page is looked at, and remembered by the browser: theme, what the charts count along, wall. Read by `useView`. */
import { type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { Axis } from './run-axis.js'

export type Theme = 'system' | 'dark' | 'light'

interface View {
  theme: Theme
  /** What the theme comes to now. */
  dark: boolean
  axis: Axis
  /** For a screen that is read from afar: `?wall`. */
  wall: boolean
  setTheme(theme: Theme): void
  setAxis(axis: Axis): void
}

const Context = createContext<View | undefined>(undefined)
const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)').matches

export function useView(): View {
  return useContext(Context)!
}

export function ViewProvider({ children }: { children: ComponentChildren }) {
  const [theme, setTheme] = useState<Theme>(() => remembered('theme', ['system', 'dark', 'light']))
  const [axis, setAxis] = useState<Axis>(() => remembered('axis', ['step', 'examples', 'time']))
  const [system, setSystem] = useState(systemIsDark)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const follow = () => setSystem(query.matches)
    query.addEventListener('change', follow)
    return () => query.removeEventListener('change', follow)
  }, [])
  const dark = theme === 'system' ? system : theme === 'dark'
  // Before the children draw: charts read the colours of the theme.
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  const wall = new URLSearchParams(location.search).has('wall')
  document.documentElement.classList.toggle('wall', wall)
  const view: View = {
    theme,
    dark,
    axis,
    wall,
    setTheme: (next) => setTheme(remember('theme', next)),
    setAxis: (next) => setAxis(remember('axis', next)),
  }
  return <Context.Provider value={view}>{children}</Context.Provider>
}

/** The first of the choices where nothing is kept, or the browser keeps nothing. */
function remembered<T extends string>(key: string, choices: readonly [T, ...T[]]): T {
  try {
    return choices.find((choice) => choice === localStorage.getItem(`lossmith.${key}`)) ?? choices[0]
  } catch {
    return choices[0]
  }
}

function remember<T extends string>(key: string, value: T): T {
  try {
    localStorage.setItem(`lossmith.${key}`, value)
  } catch {
    // Private windows may keep nothing: the choice lasts as long as the page.
  }
  return value
}
