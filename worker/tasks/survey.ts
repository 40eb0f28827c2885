/** Survey: labels and values of the pieces; the coordinator adds them over workers. */
import type { Survey__Output } from '../../proto/generated/lossmith/v1/Survey.js'
import type { SurveyResult } from '../../proto/generated/lossmith/v1/SurveyResult.js'
import { nativePiece, nativeSource } from '../native-source.js'
import type { WorkerContext } from '../worker-context.js'

export async function survey({ pieces, source, fields, limit }: Survey__Output, { native, artifacts }: WorkerContext): Promise<SurveyResult> {
  return native.survey({ source: await nativeSource(source!, artifacts), pieces: pieces.map(nativePiece), fields, limit })
}
