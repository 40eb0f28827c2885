/** IPNN (Qu et al., 2016): the inner products of all pairs of embeddings, beside the embeddings themselves, into an MLP. Numbers have embeddings too. */
import { defineModel } from '../define-model.js'
import { innerSize } from '../graph.js'
import { concat } from '../ops/concat.js'
import { pairDots } from '../ops/pair-dots.js'
import { reshape } from '../ops/reshape.js'

export const ipnn = defineModel({
  defaults: { embedding: 16, hidden: [128, 128], dropout: 0.2 },
  build(inputs, { embedding, hidden, dropout }, layers) {
    const e = layers.embedding(inputs, embedding)
    const signals = concat([reshape(e, ['B', innerSize(e.shape)]), pairDots(e)])
    return layers.logits(layers.mlp(signals, { hidden, dropout }))
  },
})
