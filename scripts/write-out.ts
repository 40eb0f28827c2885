/** Writes a file that a command makes, in a folder that is made too; a full disk and a folder without permission are told as such. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { diskError } from '../common/checkpoint/checkpoint-writer.js'

export function writeOut(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  } catch (error) {
    throw diskError(path, error)
  }
}
