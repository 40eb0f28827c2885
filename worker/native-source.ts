/** Messages of the contract as the addon takes them: pieces, cursors, and the data source with its artifacts as files. */
import type { FeaturePlan } from '../common/job/features.js'
import type { NativeCursor, NativePiece, NativeReject, NativeSource } from '../native/ts/binding.js'
import type { Cursor__Output } from '../proto/generated/lossmith/v1/Cursor.js'
import type { DataSource__Output } from '../proto/generated/lossmith/v1/DataSource.js'
import type { Piece__Output } from '../proto/generated/lossmith/v1/Piece.js'
import type { Artifacts } from './artifacts.js'

export async function nativeSource(source: DataSource__Output, artifacts: Artifacts): Promise<NativeSource> {
  const pointsPaths: string[] = []
  for (const name of source.indexArtifacts) pointsPaths.push(name === '' ? '' : await artifacts.fetch(name))
  return {
    paths: source.paths,
    pointsPaths,
    vocabularyPath: source.vocabularyArtifact === '' ? '' : await artifacts.fetch(source.vocabularyArtifact),
    features: JSON.parse(source.featuresJson) as FeaturePlan,
    ...(source.fraction ? { fraction: source.fraction } : {}),
  }
}

export function nativePiece({ id, block, skip, take, split }: Piece__Output): NativePiece {
  const { file, offset, bytes, firstLine, lines } = block!
  return { id, file, offset, bytes, firstLine, lines, skip, take, split }
}

/** Null: from the start of the lane's first piece. */
export function nativeCursor(cursor: Cursor__Output | null): NativeCursor | null {
  if (!cursor) return null
  const { piece, offset, line, emitted, exhausted, pass } = cursor
  return { piece, offset, line, emitted, exhausted, pass }
}

export const wireRejects = (rejects: NativeReject[]) => rejects.map(({ file, line, reason, text }) => ({ file, line, reason, text }))
