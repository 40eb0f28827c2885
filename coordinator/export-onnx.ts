/**
 * Writes a job's predict graph as model.onnx: aside, synced, then renamed, so that a reader never meets half a file. Weights are streamed
 * in pieces of a few MB. What goes past ONNX's 2 GiB goes to `<path>.data`, renamed before the model that refers to it.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { brokenError } from '../common/errors.js'
import type { FeaturePlan } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'
import { version } from '../common/version.js'
import { buildPredictGraph } from '../model/model.js'
import { type OnnxFile, type OnnxWeight, onnxFile } from '../model/onnx.js'
import { sigmoid } from '../model/ops/scalar-functions.js'
import { softmax } from '../model/ops/softmax.js'
import { blameModel, chooseModel, sizesOf } from './build-plan.js'

const CHUNK_BYTES = 4 << 20

export interface ExportOptions {
  readonly job: Job
  readonly features: FeaturePlan
  /** Float32 bytes of a parameter or table, little-endian, row-major. */
  readonly readTensor: (name: string, offset: number, bytes: number) => Promise<Uint8Array>
  readonly path: string
  /** Bytes of weights from which they go to a file of their own. */
  readonly externalFrom?: number
}

/** Inputs ids [batch, F] and, where there are any, numbers [batch, N]; outputs logits and probability [batch], of C classes [batch, C]. */
export async function exportOnnx({ job, features, readTensor, path, externalFrom }: ExportOptions): Promise<void> {
  const choice = await chooseModel(job.model)
  const { graph, logits } = blameModel(job.model, () => buildPredictGraph(choice, sizesOf(features)))
  const dataPath = `${path}.data`
  const file = onnxFile({
    name: job.name,
    inputs: graph.inputs,
    outputs: { logits, probability: logits.shape.length === 1 ? sigmoid(logits) : softmax(logits) },
    metadata: metadataOf(job, features),
    producerVersion: version,
    externalName: basename(dataPath),
    ...(externalFrom !== undefined && { externalFrom }),
  })
  await writeFiles(file, path, dataPath, readTensor)
}

/** What a program needs to make ids from a raw row. */
function metadataOf(job: Job, { format, names, fields, width, rows, numbers }: FeaturePlan): Record<string, string> {
  return {
    'lossmith.version': version,
    'lossmith.model': JSON.stringify(job.model),
    'lossmith.format': format.kind,
    'lossmith.fieldNames': JSON.stringify(names),
    'lossmith.fields': `${fields}`,
    'lossmith.numbers': `${width}`,
    'lossmith.rows': `${rows}`,
    'lossmith.numberFeatures': JSON.stringify(numbers),
    'lossmith.hashing': "id = XXH64(the value's bytes, seed = the number of its column, number columns from 0 on, then categories) mod rows",
  }
}

type ReadTensor = ExportOptions['readTensor']

async function writeFiles({ pieces, external }: OnnxFile, path: string, dataPath: string, readTensor: ReadTensor): Promise<void> {
  if (external.length > 0) await writeAside(dataPath, external, readTensor)
  await writeAside(path, pieces, readTensor)
  await syncFolder(dirname(path))
}

async function writeAside(path: string, pieces: readonly (Uint8Array | OnnxWeight)[], readTensor: ReadTensor): Promise<void> {
  const aside = `${path}.part`
  try {
    const file = await open(aside, 'w')
    try {
      for (const piece of pieces) {
        if (piece instanceof Uint8Array) await file.writeFile(piece)
        else await writeWeight(file, piece, readTensor)
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(aside, path)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
}

async function writeWeight(file: FileHandle, { name, bytes }: OnnxWeight, readTensor: ReadTensor): Promise<void> {
  for (let offset = 0; offset < bytes; offset += CHUNK_BYTES) {
    const wanted = Math.min(CHUNK_BYTES, bytes - offset)
    const chunk = await readTensor(name, offset, wanted)
    if (chunk.length !== wanted) throw brokenError('short-tensor', `[export] wanted ${wanted} bytes of '${name}' at ${offset}, got ${chunk.length}`)
    await file.writeFile(chunk)
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
