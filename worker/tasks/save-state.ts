/** SaveState: sends this rank's byte ranges of the state up, a chunk read only when the one before it has left. */
import { brokenError } from '../../common/errors.js'
import { chunkBytes } from '../../common/rpc/channel-options.js'
import type { SaveState__Output } from '../../proto/generated/lossmith/v1/SaveState.js'
import type { StateChunk } from '../../proto/generated/lossmith/v1/StateChunk.js'
import { preparedRank } from '../prepared-rank.js'
import type { WorkerContext } from '../worker-context.js'

export async function saveState({ checkpoint, ranges }: SaveState__Output, context: WorkerContext): Promise<void> {
  const { link, member } = context
  const { trainer } = preparedRank('save-state', context)
  const wanted = ranges.reduce((sum, { bytes }) => sum + bytes, 0)
  if (wanted === 0) return // more ranks than the state has numbers

  async function* chunks(): AsyncGenerator<StateChunk> {
    for (const { tensor, offset, bytes } of ranges) {
      for (let done = 0; done < bytes; done += chunkBytes) {
        const data = await trainer.readState(tensor, offset + done, Math.min(chunkBytes, bytes - done))
        yield { member, checkpoint, tensor, offset: offset + done, data }
      }
    }
  }
  const { bytes: got } = await link.putState(chunks(), wanted)
  if (got !== wanted) throw brokenError('state-size', `[save-state] wanted ${wanted} bytes stored, got ${got}`)
}
