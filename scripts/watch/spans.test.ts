/** Text in cells, also wide characters and what a terminal would obey. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cells, cut, fitting, lineText, padded, spread } from './spans.js'

test('text is cut by the cells it fills', () => {
  assert.deepEqual(['abc', '漢字', 'e\u0301', '🙂'].map(cells), [3, 4, 1, 2])
  assert.equal(cut('漢字漢字', 5), '漢字…')
  assert.equal(cut('abc', 0), '')
  assert.equal(padded('ab', 4), 'ab  ')
  assert.equal(lineText([['abcdef', 'bold'], 'ghi'], 8, false), 'abcdefg…')
  assert.equal(lineText([['ab', 'bad'], ' c'], 8, true), '\x1b[31mab\x1b[0m c')
  assert.equal(lineText(['a\x1b[2J\nb\u202ec'], 20, true), 'a [2J b c', 'a terminal obeys nothing of it')
  assert.equal(lineText(spread(['ab'], ['cd'], 8), 8, false), 'ab    cd')
  assert.equal(lineText(spread(['abcd'], ['ef'], 7), 7, false), 'abcd')
  assert.equal(lineText(fitting([['ab'], ['cd'], ['ef']], 7), 7, false), 'ab  cd')
})
