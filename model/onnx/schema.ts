/** The messages of onnx.proto3 that a model file of ours is made of, with ONNX's own field numbers (IR version 8). */
import protobuf from 'protobufjs'

type Fields = Record<string, { type: string; id: number; rule?: 'repeated' }>
const message = (fields: Fields) => ({ fields })
const repeated = (type: string, id: number) => ({ type, id, rule: 'repeated' as const })
const one = (type: string, id: number) => ({ type, id })

const root = protobuf.Root.fromJSON({
  nested: {
    Model: message({
      irVersion: one('int64', 1),
      producerName: one('string', 2),
      producerVersion: one('string', 3),
      docString: one('string', 6),
      graph: one('Graph', 7),
      opsetImport: repeated('OperatorSet', 8),
      metadataProps: repeated('StringEntry', 14),
    }),
    OperatorSet: message({ domain: one('string', 1), version: one('int64', 2) }),
    StringEntry: message({ key: one('string', 1), value: one('string', 2) }),
    Graph: message({
      node: repeated('Node', 1),
      name: one('string', 2),
      initializer: repeated('Tensor', 5),
      input: repeated('ValueInfo', 11),
      output: repeated('ValueInfo', 12),
    }),
    Node: message({
      input: repeated('string', 1),
      output: repeated('string', 2),
      name: one('string', 3),
      opType: one('string', 4),
      attribute: repeated('Attribute', 5),
    }),
    Attribute: message({ name: one('string', 1), f: one('float', 2), i: one('int64', 3), ints: repeated('int64', 8), type: one('int32', 20) }),
    Tensor: message({
      dims: repeated('int64', 1),
      dataType: one('int32', 2),
      name: one('string', 8),
      rawData: one('bytes', 9),
      externalData: repeated('StringEntry', 13),
      dataLocation: one('int32', 14),
    }),
    ValueInfo: message({ name: one('string', 1), type: one('Type', 2) }),
    Type: message({ tensorType: one('TensorType', 1) }),
    TensorType: message({ elemType: one('int32', 1), shape: one('TensorShape', 2) }),
    TensorShape: message({ dim: repeated('Dimension', 1) }),
    Dimension: message({ dimValue: one('int64', 1), dimParam: one('string', 2) }),
  },
})

export type MessageName = 'Model' | 'Graph' | 'Node' | 'Tensor'

export function encode(name: MessageName, value: Record<string, unknown>): Uint8Array {
  const type = root.lookupType(name)
  return type.encode(type.fromObject(value)).finish()
}

/** Key and length of a length-delimited field, whose bytes follow. */
export function fieldHead(id: number, bytes: number): Uint8Array {
  return protobuf.Writer.create()
    .uint32((id << 3) | 2)
    .uint64(bytes)
    .finish()
}

export const FIELD = { modelGraph: 7, graphInitializer: 5, tensorRawData: 9 }
export const DATA_TYPE = { float: 1, int64: 7 }
export const ATTRIBUTE_TYPE = { float: 1, int: 2, ints: 7 }
export const EXTERNAL = 1
