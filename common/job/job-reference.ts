/** docs/job.md, made from the schema: every key with its type, bounds and default. A test compares the file with this. */
import { wanted } from './check-value.js'
import { jobSchema } from './job-schema.js'
import type { Schema } from './schema.js'

export function jobReference(): string {
  const lines = [
    '# The job file',
    '',
    'YAML. Only `data.train` is required. `lossmith train job.yaml --print-job` shows a job with all its defaults; `--set path=value` overrides a key.',
    'Relative paths start at the folder of the job file. This page is made from `common/job/job-schema.ts` by `node dist/scripts/write-job-reference.js`.',
    '',
    '| key | wanted | default | what it is |',
    '|---|---|---|---|',
    ...Object.entries(jobSchema.keys).flatMap(([key, schema]) => rows(key, schema)),
    '',
  ]
  return lines.join('\n')
}

function rows(path: string, schema: Schema): string[] {
  if (schema.type === 'object') return Object.entries(schema.keys).flatMap(([key, child]) => rows(`${path}.${key}`, child))
  if (schema.type === 'variant') {
    const kinds = Object.keys(schema.variants)
    return [
      row(`${path}.${schema.tag}`, `one of ${kinds.join(', ')}`, schema.defaultTag, schema.text),
      ...kinds.flatMap((kind) => {
        const variant = schema.variants[kind]!
        const keys = Object.entries(variant.keys).flatMap(([key, child]) => rows(`${path}.${key}`, child))
        return [`| *${schema.tag}: ${kind}* | | | ${variant.text} |`, ...keys]
      }),
    ]
  }
  return [row(path, wanted(schema), fallback(schema), schema.text)]
}

const row = (path: string, want: string, standard: string, text: string) => `| \`${path}\` | ${want} | ${standard} | ${text} |`

function fallback(schema: Schema): string {
  if (schema.computed !== undefined) return schema.computed
  if (schema.default === undefined) return '**required**'
  return typeof schema.default === 'object' ? `\`${JSON.stringify(schema.default)}\`` : String(schema.default)
}
