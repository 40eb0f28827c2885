/** The contracts as @grpc/grpc-js wants them: .proto files read by proto-loader (protobufjs is the codec), with their generated types. */
import { fileURLToPath } from 'node:url'
import { loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { ProtoGrpcType as MonitorTypes } from './generated/monitor.js'
import type { ProtoGrpcType as TrainingTypes } from './generated/training.js'

/** Source files, also for a bundler that packs the project: proto/lossmith beside dist. */
export const protoDirectory = fileURLToPath(new URL('../../proto', import.meta.url))

/** int64 arrives as number (exact to 2^53), enums as their names, absent scalars as zero values. */
const options = { includeDirs: [protoDirectory], longs: Number, enums: String, defaults: true, oneofs: true, keepCase: false }

export const definition = loadSync(['lossmith/v1/training.proto', 'lossmith/v1/monitor.proto'], options)

export const contracts = loadPackageDefinition(definition) as unknown as TrainingTypes & MonitorTypes
