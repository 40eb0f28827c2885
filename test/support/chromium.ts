/** The system's Chromium, headless, steered by playwright-core: a page in it, and what went wrong on the page. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'

const path = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map((name) => join(folder, name)))
  .find((file) => existsSync(file))

/** Why there is none: for the options of a test. */
export const noBrowser: string | false = path === undefined ? 'no chromium here: apt install chromium' : false

export async function startBrowser(): Promise<Browser> {
  // In containers there is no user namespace for its sandbox, and little shared memory. It opens this project's own page only.
  return chromium.launch({ executablePath: path!, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

export interface WatchedPage {
  page: Page
  /** Addresses of other origins that it asked for. */
  foreign: string[]
  /** What its console told as errors: broken scripts, what the policy of the page refused. */
  errors: string[]
}

/** Opens `url`; waits for nothing. */
export async function openPage(browser: Browser, url: string): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' })
  const watched: WatchedPage = { page, foreign: [], errors: [] }
  const { origin } = new URL(url)
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url())
    if (!['data:', 'blob:'].includes(protocol) && asked !== origin) watched.foreign.push(request.url())
  })
  page.on('console', (message) => message.type() === 'error' && watched.errors.push(message.text()))
  page.on('pageerror', (error) => watched.errors.push(String(error)))
  await page.goto(url)
  return watched
}

/** Serious and critical faults that axe-core finds, as lines. */
export async function faultsOf(page: Page, axe: string): Promise<string[]> {
  if (await page.evaluate('window.axe === undefined')) await page.evaluate(axe)
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    violations: { id: string; impact: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[]
  }
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary}`))
}

/** Presses Tab once around the page; returns the visible buttons that never got the focus. */
export async function unreachedButtons(page: Page): Promise<string[]> {
  await page.evaluate('window.reached = new Set()')
  for (let i = 0; i < 500; i++) {
    await page.keyboard.press('Tab')
    const again = await page.evaluate(`{
      const at = document.activeElement
      // Between the last and the first there is the browser itself, which is seen as none.
      const again = at !== document.body && window.reached.has(at)
      window.reached.add(at)
      again
    }`)
    if (again) break
  }
  return page.evaluate(`[...document.querySelectorAll('button')]
    .filter((button) => button.checkVisibility() && !button.disabled && !window.reached.has(button))
    .map((button) => button.outerHTML.slice(0, 120))`)
}

/** Whether the page can be scrolled sideways at that width. */
export async function scrollsSideways(page: Page, width: number): Promise<boolean> {
  await page.setViewportSize({ width, height: 900 })
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
  return page.evaluate(`document.scrollingElement.scrollWidth > ${width}`)
}
