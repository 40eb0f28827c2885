/** LoadState: first weights from the seed, or every tensor of a checkpoint, streamed in. All of it comes, once, or it is refused. */
import { configError } from '../../common/errors.js'
import { ByteCoverage } from '../byte-coverage.js'
import { preparedRank } from '../prepared-rank.js'
import type { WorkerContext } from '../worker-context.js'

/** @throws config `checkpoint-mismatch` */
export async function loadState(checkpoint: string, context: WorkerContext): Promise<void> {
  const { trainer } = preparedRank('load-state', context)
  if (checkpoint === '') return await trainer.initialize()

  const tensors = trainer.stateTensors()
  const bytesOf = new Map(tensors.map(({ name, bytes }) => [name, bytes]))
  const come = new Map(tensors.map(({ name }) => [name, new ByteCoverage()]))
  const total = tensors.reduce((sum, { bytes }) => sum + bytes, 0)
  for await (const { tensor, offset, data } of context.link.getState(context.member, checkpoint, total)) {
    const bytes = bytesOf.get(tensor)
    if (bytes === undefined) mismatch(checkpoint, `one of the tensors ${[...bytesOf.keys()].join(', ')}`, `"${tensor}"`)
    if (offset + data.length > bytes) mismatch(checkpoint, `${bytes} bytes of "${tensor}"`, `bytes up to ${offset + data.length}`)
    if (!come.get(tensor)!.add(offset, offset + data.length)) mismatch(checkpoint, `every byte of "${tensor}" once`, `byte ${offset} twice`)
    await trainer.writeState(tensor, offset, data)
  }
  for (const { name, bytes } of tensors) {
    if (!come.get(name)!.isWhole(bytes)) mismatch(checkpoint, `all ${bytes} bytes of "${name}"`, 'less')
  }
}

function mismatch(checkpoint: string, wanted: string, got: string): never {
  throw configError('checkpoint-mismatch', `[load-state] checkpoint "${checkpoint}": wanted ${wanted}, got ${got}`)
}
