/** DeepFM (Guo et al., 2017): an FM and an MLP over the same embeddings, their logits added. */
import { defineModel } from '../define-model.js'
import { add } from '../ops/scalar-functions.js'

export const deepfm = defineModel({
  defaults: { embedding: 16, hidden: [128, 128], dropout: 0.2 },
  build(inputs, { embedding, hidden, dropout }, layers) {
    const e = layers.embeddingParts(inputs, embedding)
    const deep = layers.mlp(e, { hidden, dropout })
    return add(add(layers.linear(inputs), layers.fm(e)), layers.logits(deep))
  },
})
