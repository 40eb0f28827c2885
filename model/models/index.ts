/** The built-in models by the kind that a job names. */
import { dcnV2 } from './dcn-v2.js'
import { deepfm } from './deepfm.js'
import { fm } from './fm.js'
import { ipnn } from './ipnn.js'
import { lr } from './lr.js'
import { wideAndDeep } from './wide-and-deep.js'

export const models = { lr, fm, deepfm, 'wide-and-deep': wideAndDeep, ipnn, 'dcn-v2': dcnV2 }
export type ModelKind = keyof typeof models
