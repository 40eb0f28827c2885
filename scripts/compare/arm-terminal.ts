/** What one run of many says: its bar behind the run's name, and only what nobody should miss. */
import { Terminal } from '../terminal.js'

export class ArmTerminal extends Terminal {
  /** Not every event of every run: what matters comes through `note`. */
  override runLog = null
  private readonly outer: Terminal
  private readonly prefix: string
  private readonly run: Record<string, unknown>

  constructor(outer: Terminal, prefix: string, run: Record<string, unknown>) {
    super({ ...(outer.json && { json: true }), ...(outer.quiet && { quiet: true }) })
    this.outer = outer
    this.prefix = prefix
    this.run = run
  }

  override get live(): boolean {
    return this.outer.live
  }

  override get width(): number {
    return Math.max(20, this.outer.width - this.prefix.length)
  }

  override note(text: string, facts: Record<string, unknown>): void {
    const matters = facts.event === 'stopping' || (facts.event === 'log' && facts.level !== 'info')
    if (matters) this.outer.note(`${this.prefix}${text}`, { ...facts, ...this.run })
  }

  override redraw(text: string): void {
    this.outer.redraw(text === '' ? '' : `${this.prefix}${text}`)
  }
}
