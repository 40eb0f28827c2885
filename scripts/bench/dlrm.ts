/** DLRM (Naumov et al., 2019), for benchmarks: numbers through an MLP to one more vector; inner products of all pairs of vectors, beside it, into the MLP. */

import { defineModel } from '../../model/define-model.js'
import { concat } from '../../model/ops/concat.js'
import { pairDots } from '../../model/ops/pair-dots.js'
import { reshape } from '../../model/ops/reshape.js'

export const dlrm = defineModel({
  defaults: { embedding: 16, hidden: [400, 400, 400], bottom: [256] },
  build({ ids, numbers }, { embedding, hidden, bottom }, layers) {
    const dense = layers.mlp(numbers!, { hidden: bottom, units: embedding, name: 'bottom' })
    const vectors = concat([reshape(dense, ['B', 1, embedding]), layers.embedding({ ids }, embedding)], 1)
    return layers.logits(layers.mlp(concat([dense, pairDots(vectors)]), { hidden }))
  },
})
