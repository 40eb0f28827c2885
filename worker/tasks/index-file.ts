/** IndexFile: cuts one file into blocks at line ends; the access points of a gzip file go up for all workers. */
import type { FileIndex } from '../../proto/generated/lossmith/v1/FileIndex.js'
import type { IndexFile__Output } from '../../proto/generated/lossmith/v1/IndexFile.js'
import type { WorkerContext } from '../worker-context.js'

export async function indexFile(
  { file, path, lanes, maxBlockBytes, artifact, header }: IndexFile__Output,
  context: WorkerContext,
): Promise<FileIndex> {
  const { native, artifacts } = context
  const index = await native.indexFile({ path, lanes, maxBlockBytes, header, pointsPath: artifacts.path(artifact) })
  if (index.gzip) await artifacts.share(artifact)
  return { ...index, file, blocks: index.blocks.map((block) => ({ ...block, file })) }
}
