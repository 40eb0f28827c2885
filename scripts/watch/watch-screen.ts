/** `lossmith watch` on a terminal: one screen, drawn anew when something changed, at most four times a second, until the run ends or q is pressed. */
import type { Monitor } from '../../coordinator/monitor/monitor-client.js'
import { drawScreen } from './draw-screen.js'
import type { Follower } from './follow-run.js'
import { FullScreen } from './full-screen.js'
import { RunKeys } from './keys.js'
import { RunView } from './run-view.js'

const redrawMs = 250

export interface WatchScreenOptions {
  readonly where: string
  readonly quit: () => void
  readonly interrupt: () => void
}

export class WatchScreen {
  readonly follower: Follower
  private readonly view = new RunView()
  private readonly screen: FullScreen
  private readonly keys: RunKeys
  private readonly where: string
  private monitor: Monitor | undefined
  private trouble = ''
  private changed = true
  private ticks = 0
  private timer: NodeJS.Timeout | undefined

  constructor({ where, quit, interrupt }: WatchScreenOptions) {
    this.where = where
    const touch = () => {
      this.changed = true
    }
    this.keys = new RunKeys(() => this.monitor, touch)
    this.screen = new FullScreen({
      onKey: (key) => (key === 'q' ? quit() : this.keys.press(key, this.view.paused, Date.now())),
      onInterrupt: interrupt,
      onResize: touch,
    })
    this.follower = {
      connected: (monitor, live) => {
        this.monitor = monitor
        this.trouble = ''
        this.view.reset(live)
        touch()
      },
      described: (description) => {
        this.view.describe(description, Date.now())
        touch()
        // What goes wrong before is told on the usual screen, and a run that has ended is only drawn once, there.
        if (this.view.live) this.begin()
      },
      event: (event) => {
        this.view.take(event)
        touch()
      },
      lost: (reason) => {
        this.monitor = undefined
        this.trouble = `no answer, trying again: ${reason}`
        touch()
      },
    }
  }

  private begin(): void {
    if (this.timer !== undefined) return
    this.screen.enter()
    this.draw()
    // Ages and messages change by themselves once a second.
    this.timer = setInterval(() => {
      if (this.changed || ++this.ticks % 4 === 0) this.draw()
    }, redrawMs)
  }

  /** Gives the usual screen back. Returns the last picture for it; none of a run that never answered. */
  end(): string[] {
    clearInterval(this.timer)
    const { width } = this.screen.size
    const shown = { where: this.where, trouble: this.trouble, message: '', help: false, keys: false, nowMs: Date.now() }
    this.screen.leave()
    if (this.view.description === undefined) return []
    return drawScreen(this.view, shown, { width, height: 24, ...terminalKind() })
  }

  private draw(): void {
    this.changed = false
    const { where, trouble, keys } = this
    const nowMs = Date.now()
    const shown = { where, trouble, message: keys.say(nowMs), help: keys.help, keys: this.screen.keys, nowMs }
    this.screen.show(drawScreen(this.view, shown, { ...this.screen.size, ...terminalKind() }))
  }
}

/** NO_COLOR of no-color.org; a locale that is set and is not UTF-8 has no blocks and no braille. */
export function terminalKind(env: NodeJS.ProcessEnv = process.env): { colour: boolean; unicode: boolean } {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || 'UTF-8'
  return { colour: !env.NO_COLOR && env.TERM !== 'dumb', unicode: /utf-?8/i.test(locale) && env.TERM !== 'linux' }
}
