import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJob } from '../common/job/parse-job.js'
import { featurePlan } from './feature-plan.js'
import { checkHeaders, logFormat } from './log-format.js'

const job = (data: string) => parseJob(`data: { train: [a.csv, b.csv], ${data} }`, { file: 'job.yaml' })
const formatOf = (data: string, ...headers: string[]) =>
  logFormat(
    job(data),
    headers.map((header, i) => ({ path: ['a.csv', 'b.csv', 'c.csv'][i]!, header })),
  )
const refused = (code: string, message: RegExp) => (error: Error & { code?: string }) => {
  assert.equal(error.code, code, error.message)
  assert.match(error.message, message)
  return true
}

test('columns that no key names are categories, in the order of the header', () => {
  const columns = ['id', 'click', 'price', 'the, site', 'a "b"']
  const header = '\ufeffid,click,"price","the, site","a ""b"""'
  const plain = { kind: 'delimited', delimiter: ',', columns, label: 'click' }
  assert.deepEqual(formatOf('format: delimited, label: click', header, header), {
    ...plain,
    numbers: [],
    categories: ['id', 'price', 'the, site', 'a "b"'],
  })
  const some = formatOf('format: delimited, label: click, numbers: price, ignore: [id]', header)
  assert.deepEqual(some, { ...plain, numbers: ['price'], categories: ['the, site', 'a "b"'] })
  const listed = 'format: delimited, label: click, numbers: [price], categories: [id]'
  const format = formatOf(listed, header)
  assert.deepEqual(format, { ...plain, numbers: ['price'], categories: ['id'] })
  assert.deepEqual(featurePlan(job(listed), format).names, ['price', 'id'])
  assert.deepEqual(formatOf('format: libsvm, fields: 3', '', ''), { kind: 'libsvm', fields: 3 })
})

test('the delimiter is that of the suffix unless the job names one', () => {
  const delimiterOf = (text: string) => {
    const { data } = parseJob(`data: { format: delimited, label: y, ${text} }`, { file: 'job.yaml' })
    return data.format === 'delimited' ? data.delimiter : undefined
  }
  assert.deepEqual(['train: a.csv', 'train: [a.tsv.gz]', 'train: a.txt', 'train: a.csv, delimiter: ";"'].map(delimiterOf), [',', '\t', ',', ';'])
  assert.deepEqual(formatOf('format: delimited, label: y, delimiter: "\\t"', 'y\tx,z'), {
    ...{ kind: 'delimited', delimiter: '\t', columns: ['y', 'x,z'], label: 'y' },
    ...{ numbers: [], categories: ['x,z'] },
  })
})

test('files of another header are refused with the first difference', () => {
  const data = 'format: delimited, label: click'
  const wanted = /b\.csv: wanted the header of .*a\.csv, whose column 2 is "site", got "Site"/
  assert.throws(() => formatOf(data, 'click,site,x', 'click,Site,x'), refused('data-header', wanted))
  assert.throws(() => formatOf(data, 'click,site', 'click,site,x'), refused('data-header', /column 3 is none, got "x"/))
  assert.throws(() => formatOf(data, 'click,site', 'click'), refused('data-header', /column 2 is "site", got none/))
  assert.throws(() => formatOf(data, 'click,site,click'), refused('data-header', /names every column once, got "click" twice/))
  for (const odd of ['click,"site"s', 'click,"site']) assert.throws(() => formatOf(data, odd), refused('data-header', /closing quotes, got "site/))
  const format = formatOf(data, 'click,site')
  checkHeaders(format, [{ path: 'other.csv', header: 'click,"site"' }])
  assert.throws(
    () => checkHeaders(format, [{ path: 'other.csv', header: 'site,click' }]),
    refused('data-header', /other\.csv: wanted the header of the run/),
  )
})

test('columns that are not there, or named twice, are refused by key', () => {
  const header = 'click,site,price'
  assert.throws(() => formatOf('format: delimited, label: clik', header), refused('data-column', /data\.label: .*"clik"; did you mean click\?/))
  assert.throws(
    () => formatOf('format: delimited, label: click, ignore: [zzzzzzzz]', header),
    refused('data-column', /its columns are click, site, price/),
  )
  const twice = 'format: delimited, label: click, numbers: [price], categories: [site, price]'
  assert.throws(() => formatOf(twice, header), refused('data-column', /data\.categories: .*"price", which data\.numbers names too/))
  assert.throws(() => formatOf('format: delimited, label: click, ignore: [site, price]', header), refused('data-column', /to learn from/))
  assert.throws(() => formatOf('format: delimited', header), refused('job-invalid', /data\.label: wanted a text, got nothing/))
  assert.throws(() => job('format: delimited, label: y, delimiter: ";;"'), refused('job-invalid', /data\.delimiter: wanted one character/))
  assert.throws(() => job('label: y'), refused('job-invalid', /data\.label: unknown key when data\.format is criteo/))
  assert.throws(() => job('format: libsvm'), refused('job-invalid', /data\.fields: wanted a whole number/))
  assert.throws(() => job('firstClass: 1'), refused('job-invalid', /data\.firstClass: wanted 0 because data\.classes is 1/))
})
