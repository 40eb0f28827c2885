/** docs/job.md, made from the schema: every key with its type, bounds and default. A test compares the file with this. */
import { wanted } from './check-value.js'
import { jobSchema } from './job-schema.js'
import type { Form, Schema, VariantSchema } from './schema.js'

export function jobReference(): string {
  const lines = [
    '# The job file',
    '',
    'YAML. Only `data.train` is required. `lossmith train job.yaml --print-job` shows a job with all its defaults; `--set path=value` overrides a key.',
    'Relative paths start at the folder of the job file, those of `--set` at the current folder. This page is made from `common/job/job-schema.ts` by `node dist/scripts/write-job-reference.js`.',
    '',
    '| key | wanted | default | what it is |',
    '|---|---|---|---|',
    ...Object.entries(jobSchema.keys).flatMap(([key, schema]) => rows(key, schema)),
    '',
  ]
  return lines.join('\n')
}

function rows(path: string, schema: Schema): string[] {
  if ('explained' in schema && schema.explained !== undefined) return [row(path, schema.explained, fallback(schema), schema.text)]
  switch (schema.type) {
    case 'object':
      return Object.entries(schema.keys).flatMap(([key, child]) => rows(`${path}.${key}`, child))
    case 'variant':
      return variantRows(path, schema)
    case 'forms':
      return [
        row(path, wanted(schema), fallback(schema), schema.text),
        ...Object.entries(schema.forms).flatMap(([key, form]) => formRows(path, key, form)),
      ]
    default:
      return [row(path, wanted(schema), fallback(schema), schema.text)]
  }
}

function variantRows(path: string, { tag, variants, shared = {}, defaultTag, text }: VariantSchema): string[] {
  const kinds = Object.entries(variants)
  return [
    row(`${path}.${tag}`, `one of ${Object.keys(variants).join(', ')}`, defaultTag ?? '**required**', text),
    ...kinds.flatMap(([kind, variant]) => {
      if (variant.explained !== undefined) return [`| *${tag}: ${kind}* | ${variant.explained} | | ${variant.text} |`]
      const keys = Object.entries(variant.keys).flatMap(([key, child]) => rows(`${path}.${key}`, child))
      return [`| *${tag}: ${kind}* | | | ${variant.text} |`, ...keys]
    }),
    ...(Object.keys(shared).length === 0 ? [] : [`| *any ${tag}* | | | |`]),
    ...Object.entries(shared).flatMap(([key, child]) => rows(`${path}.${key}`, child)),
  ]
}

function formRows(path: string, key: string, { schema }: Form): string[] {
  if (schema.type === 'variant') return variantRows(path, schema)
  return [`| *${path}: {${key}: …}* | | | ${schema.text} |`, ...rows(path, schema)]
}

const row = (path: string, want: string, standard: string, text: string) =>
  `| \`${path}\` | ${[want, standard, text].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

function fallback(schema: Schema): string {
  if (schema.type === 'object') return ''
  if (schema.computed !== undefined) return schema.computed
  if (schema.default === undefined) return '**required**'
  return typeof schema.default === 'object' || schema.default === '' ? `\`${JSON.stringify(schema.default)}\`` : String(schema.default)
}
