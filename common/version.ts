/** The version of the installed package: workers of another version are refused at join. */
import { readFileSync } from 'node:fs'

export const version = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
