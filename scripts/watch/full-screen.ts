/**
 * A terminal as one screen that is drawn in place: the alternate screen, without a cursor, keys one by one. Whatever ends this process but SIGKILL,
 * the terminal is left as it was found. Only lines that changed are written.
 */
import { writeAll } from '../terminal.js'

export interface FullScreenOptions {
  /** Ctrl-C and Ctrl-Z do not arrive here. */
  onKey(key: string): void
  onInterrupt(): void
  /** The size changed, or the terminal is ours again. */
  onResize(): void
}

const enter = '\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J'
const leave = '\x1b[?25h\x1b[?1049l'
/** Terminals that know it show a frame at once, others take no notice. */
const [beginFrame, endFrame] = ['\x1b[?2026h', '\x1b[?2026l']

export class FullScreen {
  private shown: string[] = []
  private open = false
  private readonly options: FullScreenOptions
  /** Keys arrive one by one. */
  readonly keys = process.stdin.isTTY === true

  constructor(options: FullScreenOptions) {
    this.options = options
  }

  get size(): { width: number; height: number } {
    return { width: process.stdout.columns || 80, height: process.stdout.rows || 24 }
  }

  enter(): void {
    process.on('exit', this.leave)
    // Before the message of a crash is written.
    process.on('uncaughtExceptionMonitor', this.leave)
    process.on('SIGCONT', this.take)
    process.stdout.on('resize', this.resized)
    if (this.keys) process.stdin.on('data', this.pressed)
    this.take()
  }

  show(lines: readonly string[]): void {
    if (!this.open) return
    const changes = lines.map((line, i) => (line === this.shown[i] ? '' : `\x1b[${i + 1};1H\x1b[2K${line}`)).join('')
    const below = lines.length < this.shown.length ? `\x1b[${lines.length + 1};1H\x1b[J` : ''
    this.shown = [...lines]
    if (changes + below !== '') writeAll(1, `${beginFrame}${changes}${below}${endFrame}`)
  }

  readonly leave = (): void => {
    if (!this.open) return
    this.open = false
    if (this.keys) process.stdin.setRawMode(false).pause()
    try {
      writeAll(1, leave)
    } catch {
      // The terminal is gone: there is nothing to restore.
    }
  }

  private readonly take = (): void => {
    if (this.open) return
    this.open = true
    this.shown = []
    if (this.keys) process.stdin.setRawMode(true).resume()
    writeAll(1, enter)
    this.options.onResize()
  }

  private readonly resized = (): void => {
    if (!this.open) return
    this.shown = []
    writeAll(1, '\x1b[2J')
    this.options.onResize()
  }

  private readonly pressed = (chunk: Buffer): void => {
    for (const key of chunk.toString('utf8')) {
      if (key === '\x03') this.options.onInterrupt()
      else if (key === '\x1a') this.suspend()
      else this.options.onKey(key)
    }
  }

  /** Until the shell continues us: `take` follows. */
  private suspend(): void {
    this.leave()
    process.kill(process.pid, 'SIGSTOP')
  }
}
