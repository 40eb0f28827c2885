/**
 * Takes a picture of a dashboard's page, as those of docs/pictures: `node dist/test/support/picture-page.js URL FILE.png [dark|light]
 * [WIDTHxHEIGHT] [SELECTOR] [CLICK]`. Waits until every panel shows something; with a selector only that part is taken, after a click where one is named.
 */
import { configError } from '../../common/errors.js'
import { noBrowser, openPage, startBrowser } from './chromium.js'

const [url, path, scheme = 'dark', size = '1440x900', selector, click] = process.argv.slice(2)
if (url === undefined || path === undefined || noBrowser) throw configError('usage', noBrowser || 'wanted URL FILE.png')
const [width, height] = size.split('x').map(Number)
const browser = await startBrowser()
const { page } = await openPage(browser, url)
await page.setViewportSize({ width: width!, height: height! })
await page.emulateMedia({ colorScheme: scheme as 'dark' | 'light' })
await page.locator('[data-panel][data-filled="true"]').first().waitFor()
await page.locator('[data-panel]:not([data-filled="true"])').first().waitFor({ state: 'detached' })
if (click !== undefined) await page.locator(click).click()
await (selector === undefined ? page : page.locator(selector)).screenshot({ path })
await browser.close()
