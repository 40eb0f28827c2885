/** IndexFile for every file, dealt over the workers by size: blocks of every file, in order. */
import { configError } from '../common/errors.js'
import type { FileIndex__Output as FileIndex } from '../proto/generated/lossmith/v1/FileIndex.js'
import { enterPhase, onEveryMember, type RunContext } from './run-context.js'
import type { RunData } from './run-directory.js'

export const indexArtifact = (file: number) => `index/${file}`

export async function indexFiles(context: RunContext, files: RunData['files']): Promise<FileIndex[]> {
  enterPhase(context, 'indexing', `${files.length} files, ${files.reduce((sum, { bytes }) => sum + bytes, 0)} bytes`)
  const { job, membership, control } = context
  const dealt = dealFiles(
    files.map(({ bytes }) => bytes),
    membership.ranks.length,
  )
  const indexes: FileIndex[] = []
  // Rank by rank the next file of each: a worker does one task at a time anyway.
  for (let round = 0; dealt.some((own) => own.length > round); round++) {
    const results = await control.guardEarly(
      onEveryMember(context, ({ rank }) => {
        const file = dealt[rank]![round]
        if (file === undefined) return undefined
        const { blockBytes: maxBlockBytes, format } = job.data
        const [path, header, artifact] = [files[file]!.path, format === 'delimited', indexArtifact(file)]
        return { indexFile: { file, path, maxBlockBytes, lanes: job.train.lanes, artifact, header } }
      }),
    )
    for (const { index } of results) if (index != null) indexes[index.file] = index
  }
  indexes.forEach(({ lines }, file) => {
    if (lines === 0) throw configError('file-empty', `[data] ${files[file]!.path}: wanted lines, got none`)
  })
  return indexes
}

/** Largest first, each to the rank with the fewest bytes so far. */
function dealFiles(bytes: number[], world: number): number[][] {
  const dealt: number[][] = Array.from({ length: world }, () => [])
  const load = new Array<number>(world).fill(0)
  for (const file of bytes.map((_, i) => i).sort((a, b) => bytes[b]! - bytes[a]! || a - b)) {
    const rank = load.indexOf(Math.min(...load))
    dealt[rank]!.push(file)
    load[rank]! += bytes[file]!
  }
  return dealt
}
