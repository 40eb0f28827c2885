/** A file that grows, is cut, is replaced: every whole line once, in order. */
import assert from 'node:assert/strict'
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../run-fixture.test-support.js'
import { LineTail } from './line-tail.js'

test('every whole line once, also one longer than a megabyte, and none that is half written', (t) => {
  const path = join(temporaryDirectory(t), 'lines')
  const tail = new LineTail(path)
  const got: string[] = []
  const read = () => tail.read((line) => got.push(line))
  assert.ok(read(), 'a file that is not there yet')
  writeFileSync(path, 'one\ntwo\nthr')
  assert.ok(read())
  assert.deepEqual(got, ['one', 'two'])
  appendFileSync(path, 'ee\n\nä')
  read()
  const long = 'x'.repeat(3_000_000)
  appendFileSync(path, `ß\n${long}`)
  read()
  assert.deepEqual(got.slice(2), ['three', '', 'äß'])
  const many = Array.from({ length: 200_000 }, (_, i) => `line ${i}`)
  appendFileSync(path, `\n${many.join('\n')}\n`)
  read()
  assert.deepEqual(got.slice(5), [long, ...many])
  assert.ok(read())
  assert.equal(got.length, 6 + many.length)
})

test('a file that was cut, cut and written again, or replaced is to be read anew', (t) => {
  const path = join(temporaryDirectory(t), 'lines')
  const write = (text: string) => {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
  const tailOf = (text: string) => {
    write(text)
    const tail = new LineTail(path)
    assert.ok(tail.read(() => undefined))
    return () => tail.read(() => assert.fail('nothing is read'))
  }
  const cut = tailOf('one\ntwo\n')
  truncateSync(path, 4)
  assert.equal(cut(), false)
  const again = tailOf('one\ntwo\n')
  truncateSync(path, 4)
  appendFileSync(path, 'another\n')
  assert.equal(again(), false)
  const replaced = tailOf('one\ntwo\n')
  write('one\ntwo\n')
  assert.equal(replaced(), false)
})
