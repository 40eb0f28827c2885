/** What the keys of `lossmith watch` ask of the run, and in which words. */
import type { Monitor } from '../../coordinator/monitor/monitor-client.js'
import { fitting, type Line } from './spans.js'

export function keyWords(paused: boolean, width: number): Line {
  const words = [
    ['p', paused ? 'resume' : 'pause'],
    ['c', 'checkpoint'],
    ['s', 'stop'],
    ['q', 'quit'],
    ['?', 'help'],
  ] as const
  const pieces = words.map(
    ([key, word]): Line => [
      [key, 'bold'],
      [` ${word}`, 'dim'],
    ],
  )
  return fitting(pieces, width)
}

export const keyLines: Line[] = [
  [],
  [['p', 'bold'], '  pause the run after the step under way, with a checkpoint; again: resume'],
  [['c', 'bold'], '  write a checkpoint after the step under way'],
  [['s', 'bold'], '  stop the run for good, with a checkpoint; asks for a second s within 5 s'],
  [['q', 'bold'], '  quit watching: the run goes on. Ctrl-C does the same'],
  [['?', 'bold'], '  this, and back'],
  [],
  ['Workers: ms of a step and of its parts, means over the last 20 steps:'],
  ['read, compute, search (what the controller learns from), exchange as the'],
  ['fastest rank needs it, wait for slower ranks and the controller, update.'],
]

const stopMs = 5000

export class RunKeys {
  help = false
  private message = ''
  private messageUntilMs = 0
  private stopUntilMs = 0

  /** `monitor`: undefined while nobody answers. `changed`: something else is to be shown. */
  constructor(
    private readonly monitor: () => Monitor | undefined,
    private readonly changed: () => void,
  ) {}

  /** Empty when there is nothing to say any more. */
  say(nowMs: number): string {
    return nowMs < this.messageUntilMs ? this.message : ''
  }

  press(key: string, paused: boolean, nowMs: number): void {
    if (key === '?') this.help = !this.help
    else if (key === 'p' && paused) this.ask('resume', (monitor) => monitor.resume())
    else if (key === 'p') this.ask('pause', (monitor) => monitor.pause('asked in a terminal'))
    else if (key === 'c') this.ask('checkpoint', (monitor) => monitor.checkpoint())
    else if (key === 's' && nowMs < this.stopUntilMs) {
      this.stopUntilMs = 0
      this.ask('stop', (monitor) => monitor.stop('asked in a terminal'))
    } else if (key === 's') {
      this.stopUntilMs = nowMs + stopMs
      this.tell('press s again within 5 s to stop the run for good, with a checkpoint', nowMs)
    }
    this.changed()
  }

  private ask(what: string, request: (monitor: Monitor) => Promise<{ accepted: boolean; reason: string }>): void {
    const monitor = this.monitor()
    this.tell(monitor === undefined ? `${what}: the run does not answer` : `${what}: asked`)
    if (monitor === undefined) return
    request(monitor)
      .then(
        ({ accepted, reason }) => this.tell(accepted ? `${what}: accepted` : `${what} refused: ${reason}`),
        (error: Error) => this.tell(`${what}: ${error.message}`),
      )
      .then(this.changed)
  }

  private tell(message: string, nowMs = Date.now()): void {
    this.message = message
    this.messageUntilMs = nowMs + stopMs
  }
}
