/**
 * The dashboard as people meet it: a real training over two workers in a real browser. Panels fill, buttons pause and resume, the page says
 * that the coordinator is gone and goes on after `--resume`; it can be used by keyboard, read by screen readers, and fits a phone and a wall.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { connectMonitor } from '../coordinator/monitor/monitor-client.js'
import { faultsOf, noBrowser, openPage, scrollsSideways, startBrowser, unreachedButtons } from './support/chromium.js'
import { startCluster } from './support/cluster.js'
import { Processes } from './support/processes.js'
import { spoilLog, writeJob, writeLog } from './support/small-job.js'

const panels = ['loss', 'metrics', 'candidates', 'throughput', 'surface', 'workers', 'shards', 'checkpoints', 'events', 'job']
const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
/** Two cores, other tests beside this one: what takes a second may take twenty. */
const patience = 60_000

const processes = new Processes()
let folder: string
let job: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-dashboard-'))
  const log = spoilLog(await writeLog(folder, 6007))
  job = writeJob(folder, log, {
    train: { epochs: 500 },
    loss: { search: ['bce', 'focal'], controller: { period: 2 } },
    checkpoint: { everySteps: 40, keep: 3 },
    cluster: { joinTimeoutSeconds: 100, lostAfterMs: 15_000 },
  })
})
afterEach(() => processes.allGone(10_000))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a training over two workers, its coordinator killed and resumed, in Chromium', { skip: noBrowser, timeout: 280_000 }, async (t) => {
  const shots = process.env.LOSSMITH_SCREENSHOTS ?? join(tmpdir(), 'lossmith-screenshots')
  mkdirSync(shots, { recursive: true })
  t.diagnostic(`screenshots: ${shots}`)
  const other = join(folder, 'other')
  const short = ['train', job, '--set', 'train.epochs=1', '--workers', '1', '--threads', '1', '--run', other]
  const ended = await processes.start(short).ended
  assert.equal(ended.code, 0, ended.stderr)

  const run = join(folder, 'run')
  const { address, coordinator, workers } = await startCluster(processes, [job, '--run', run], 2)
  const monitor = connectMonitor({ address })
  t.after(() => monitor.close())
  const dashboard = processes.start(['dashboard', other, '--coordinator', address, '--listen', '127.0.0.1:0'], { deadlineMs: 280_000 })
  const [, url] = await dashboard.says(/dashboard at (http\S+)/)
  const browser = await startBrowser()
  t.after(() => browser.close())
  const { page, foreign, errors } = await openPage(browser, url!)
  page.setDefaultTimeout(patience)

  await inPhase(page, 'training')
  for (const panel of panels) await page.locator(`[data-panel="${panel}"][data-filled="true"]`).waitFor()
  assert.equal(await page.locator('[data-panel]').count(), panels.length, 'every panel is known here')

  await page.locator('#pause').click()
  await inPhase(page, 'paused')
  const { step: pausedAt, paused } = await monitor.describe()
  assert.equal(paused, true)
  await showsStep(page, (step) => step === pausedAt)
  await sleep(1500)
  assert.deepEqual([await stepOf(page), (await monitor.describe()).step], [pausedAt, pausedAt], 'no step is trained in a pause')

  await looksGood(page, shots)
  await overlays(page, shots)

  await page.locator('#resume').click()
  await inPhase(page, 'training')
  await showsStep(page, (step) => step > pausedAt)
  assert.equal(await scrollsSideways(page, 390), false, 'a run that trains, on a phone')
  await page.setViewportSize({ width: 1440, height: 900 })

  const { step: killedAt } = await monitor.describe()
  coordinator.kill('SIGKILL')
  await page.locator('#phase[data-connected="false"]').waitFor()
  assert.match((await page.locator('#notice').textContent())!, /coordinator does not answer/)
  assert.equal(await page.locator('[data-panel="loss"]').getAttribute('data-filled'), 'true', 'what was shown stays')
  for (const worker of workers) assert.equal((await worker.ended).code, 3)

  const resumed = processes.start(['coordinator', '--resume', run, '--workers', '2', '--listen', address])
  await resumed.says(/coordinator listens on/)
  const again = ['a', 'b'].map((name) => processes.start(['worker', '--coordinator', address, '--name', name, '--threads', '1']))
  await inPhase(page, 'training')
  await showsStep(page, (step) => step > killedAt)
  assert.equal((await page.locator('#notice').textContent())!, '')

  await page.locator('#stop').click()
  assert.match((await page.locator('#stop').textContent())!, /for good/, 'stop asks twice')
  await page.locator('#stop').click()
  const stopped = await resumed.ended
  assert.equal(stopped.code, 130, stopped.stderr)
  for (const worker of again) assert.equal((await worker.ended).code, 0)
  await inPhase(page, 'done')

  assert.deepEqual(foreign, [], 'no request leaves the origin of the page')
  assert.deepEqual(errors, [])
  await browser.close()
  dashboard.kill('SIGTERM')
  assert.equal((await dashboard.ended).code, 0)
})

test('train --dashboard says where the page is, and takes it along when it ends, also when it is killed', { timeout: 120_000 }, async () => {
  const words = [job, '--workers', '1', '--threads', '1', '--dashboard']
  const first = processes.start(['train', ...words, '--run', join(folder, 'shown')])
  const [, url] = await first.says(/dashboard at (http\S+)/)
  const runs = (await (await fetch(new URL('api/runs', url))).json()) as { id: string; live: boolean }[]
  assert.deepEqual(
    runs.map(({ id, live }) => [id, live]),
    [['shown', true]],
  )
  first.kill('SIGINT')
  const { code, stderr } = await first.ended
  assert.equal(code, 130)
  assert.match(stderr, /lossmith dashboard \S*shown/)
  await assert.rejects(fetch(url!))
  const second = processes.start(['train', ...words, '--run', join(folder, 'killed')])
  await second.says(/dashboard at http/)
  second.kill('SIGKILL')
  await second.ended
})

/** By keyboard, for screen readers, on a phone and on a wall, dark and light. */
async function looksGood(page: Page, shots: string): Promise<void> {
  for (const scheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: scheme })
    assert.deepEqual(await faultsOf(page, axe), [], scheme)
    await shoot(page, join(shots, `${scheme}.png`))
  }
  assert.deepEqual(await unreachedButtons(page), [], 'every button is reached by Tab')
  for (const width of [2560, 1024, 390]) assert.equal(await scrollsSideways(page, width), false, `${width} px`)
  assert.deepEqual(await faultsOf(page, axe), [], 'on a phone')
  await shoot(page, join(shots, 'phone.png'))
}

async function shoot(page: Page, path: string): Promise<void> {
  await page.evaluate('window.scrollTo(0, 0)')
  await page.screenshot({ path, fullPage: true })
}

/** The other run of the dashboard is laid over the one that is shown. */
async function overlays(page: Page, shots: string): Promise<void> {
  await page.locator('#runs').click()
  await page.locator('#run-choices input[type=checkbox]:not(:checked)').check()
  await page.keyboard.press('Escape')
  await page.locator('.shown-run').nth(1).waitFor()
  assert.equal(await page.locator('.shown-run').count(), 2)
  assert.equal(await scrollsSideways(page, 390), false, 'two runs on a phone')
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await shoot(page, join(shots, 'two-runs.png'))
}

const inPhase = (page: Page, phase: string) => page.locator(`#phase[data-phase="${phase}"][data-connected="true"]`).waitFor({ timeout: patience })

const stepOf = async (page: Page) =>
  Number((await page.locator('.figure:has(.figure-name:text-is("step")) .figure-value').textContent())!.replaceAll(/\D/g, ''))

async function showsStep(page: Page, wanted: (step: number) => boolean): Promise<void> {
  for (const until = performance.now() + patience; !wanted(await stepOf(page)); await sleep(50)) {
    assert.ok(performance.now() < until, `the page shows step ${await stepOf(page)}`)
  }
}
