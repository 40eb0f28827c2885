/** Wide & Deep (Cheng et al., 2016): a linear model and an MLP over embeddings, their logits added. */
import { defineModel } from '../define-model.js'
import { add } from '../ops/scalar-functions.js'

export const wideAndDeep = defineModel({
  defaults: { embedding: 16, hidden: [128, 128], dropout: 0.2 },
  build(inputs, { embedding, hidden, dropout }, layers) {
    const deep = layers.mlp(layers.embeddingParts(inputs, embedding), { hidden, dropout })
    return add(layers.linear(inputs), layers.logits(deep))
  },
})
