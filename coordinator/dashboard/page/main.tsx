/** Starts the page: asks which runs there are, opens the stream of the newest. */
import { render } from 'preact'
import { App } from './app.js'
import type { RunInfo } from './messages.js'
import { openFeed } from './run-feed.js'
import { RunStore } from './run-store.js'

const infos = (await (await fetch('api/runs')).json()) as RunInfo[]
const runs = infos.slice(0, 1).map((info) => new RunStore(info, { schedule: requestAnimationFrame }))
for (const run of runs) openFeed(run)
render(<App runs={runs} />, document.getElementById('page')!)
