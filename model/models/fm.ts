/** FM (Rendle, 2010): first-order weights and the inner products of all pairs of embeddings. */
import { defineModel } from '../define-model.js'
import { add } from '../ops/scalar-functions.js'

export const fm = defineModel({
  defaults: { embedding: 16 },
  build: (inputs, { embedding }, layers) => add(layers.linear(inputs), layers.fm(layers.embeddingParts(inputs, embedding))),
})
