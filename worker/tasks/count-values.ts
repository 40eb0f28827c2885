/** CountValues: counts what the pieces hold; the counts go up, the coordinator adds them over workers. */
import type { CountValues__Output } from '../../proto/generated/lossmith/v1/CountValues.js'
import { nativePiece, nativeSource } from '../native-source.js'
import type { WorkerContext } from '../worker-context.js'

export async function countValues({ pieces, artifact, source }: CountValues__Output, { native, artifacts }: WorkerContext): Promise<void> {
  await native.countValues({
    source: await nativeSource(source!, artifacts),
    pieces: pieces.map(nativePiece),
    outPath: artifacts.path(artifact),
  })
  await artifacts.send(artifact)
}
