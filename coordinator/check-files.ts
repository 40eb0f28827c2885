/** CheckFiles on every worker: the same bytes under every path on every host, and on resume those of the first day. */
import { configError } from '../common/errors.js'
import type { FileFacts__Output as FileFacts } from '../proto/generated/lossmith/v1/FileFacts.js'
import { describeMember } from './membership.js'
import { enterPhase, onEveryMember, type RunContext } from './run-context.js'
import type { RunData } from './run-directory.js'

export async function checkFiles(context: RunContext, paths: string[], known?: RunData['files']): Promise<RunData['files']> {
  enterPhase(context, 'checking', `${paths.length} input files`)
  const results = await context.control.guardEarly(onEveryMember(context, () => ({ checkFiles: { paths } })))
  const members = context.membership.ranks
  const first = results[0]!.files.map(fileOf)
  results.forEach(({ files }, rank) => {
    files.map(fileOf).forEach((file, i) => {
      if (!same(file, first[i]!)) throw mismatch(file, first[i]!, describeMember(members[rank]!), `as ${describeMember(members[0]!)} sees it`)
    })
  })
  if (known !== undefined)
    first.forEach((file, i) => {
      const before = known[i]
      if (before === undefined || !same(file, before))
        throw mismatch(file, before ?? { path: file.path, bytes: 0, digest: '' }, 'the workers', 'as the run began with it')
    })
  return first
}

const fileOf = ({ path, bytes, digest }: FileFacts) => ({ path, bytes, digest: Buffer.from(digest).toString('hex') })
const same = (a: RunData['files'][number], b: RunData['files'][number]) => a.path === b.path && a.bytes === b.bytes && a.digest === b.digest

function mismatch(got: RunData['files'][number], wanted: RunData['files'][number], who: string, reference: string) {
  const facts = ({ bytes, digest }: RunData['files'][number]) => `${bytes} bytes, digest ${digest.slice(0, 16)}`
  return configError('data-changed', `[data] ${got.path} on ${who}: wanted ${facts(wanted)} ${reference}, got ${facts(got)}`)
}
