/** Every job in examples/ is valid, and every `lossmith` command that one names has options that exist. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { readJob } from '../common/job/parse-job.js'
import { lossmith } from './lossmith-command.js'

const folder = fileURLToPath(new URL('../../examples/', import.meta.url))
const jobs = readdirSync(folder).filter((name) => name.endsWith('.yaml'))

test('every example is a valid job', () => {
  assert.ok(jobs.length >= 5)
  for (const name of jobs) assert.equal(readJob(join(folder, name)).name, name.replace('.yaml', ''))
})

test('the commands in their heads name options that exist', async () => {
  const help = new Map<string, string>()
  for (const name of jobs) {
    const text = readFileSync(join(folder, name), 'utf8').replaceAll('\\\n#', '')
    for (const [, command, rest] of text.matchAll(/lossmith ([a-z]+)([^\n&]*)/g)) {
      if (!help.has(command!)) help.set(command!, (await lossmith([command!, '--help'])).stdout)
      for (const [option] of rest!.matchAll(/--[a-z-]+/g)) assert.ok(help.get(command!)!.includes(` ${option} `), `${name}: ${command} ${option}`)
    }
  }
})

test('the losses in their heads are valid', () => {
  for (const name of jobs) {
    const text = readFileSync(join(folder, name), 'utf8').replaceAll('\\\n#', '')
    for (const [, loss] of text.matchAll(/--arm '[\w.-]+=([^']*)'/g)) {
      assert.doesNotThrow(() => readJob(join(folder, name), [`loss=${JSON.stringify(parse(loss!))}`]), `${name}: ${loss}`)
    }
  }
})
