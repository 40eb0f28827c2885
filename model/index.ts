/**
 * What a user's model file imports from 'lossmith':
 *
 *   import { add, defineModel } from 'lossmith'
 *   export default defineModel({
 *     defaults: { embedding: 16 },
 *     build: (inputs, { embedding }, layers) => add(layers.linear(inputs), layers.fm(layers.embedding(inputs, embedding))),
 *   })
 */
export { gradients } from './autodiff.js'
export { defineModel, type ModelDefinition } from './define-model.js'
export type { Attributes, Dim, Dtype, Graph, Init, Shape, Tensor } from './graph.js'
export type { Activation, DenseOptions } from './layers/dense.js'
export type { EmbeddingOptions, EmbeddingParts } from './layers/embedding.js'
export type { Layers } from './layers/layers.js'
export type { HiddenOptions, MlpOptions } from './layers/mlp.js'
export type { ModelInputs } from './layers/scope.js'
export { broadcast } from './ops/broadcast.js'
export { concat } from './ops/concat.js'
export { constant } from './ops/constant.js'
export { lookup } from './ops/lookup.js'
export { type MatmulOptions, matmul } from './ops/matmul.js'
export { pairDots } from './ops/pair-dots.js'
export { reduceMax } from './ops/reduce-max.js'
export { reduceSum } from './ops/reduce-sum.js'
export { reshape } from './ops/reshape.js'
export {
  abs,
  add,
  div,
  exp,
  greater,
  log,
  log1p,
  max,
  min,
  mul,
  neg,
  pow,
  reciprocal,
  relu,
  sigmoid,
  sign,
  softplus,
  sqrt,
  square,
  step,
  sub,
  tanh,
} from './ops/scalar-functions.js'
export { slice } from './ops/slice.js'
export { softmax } from './ops/softmax.js'
export { transpose } from './ops/transpose.js'
