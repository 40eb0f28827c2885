/**
 * DCN-v2 (Wang et al., 2021), the parallel form: over all embeddings x₀ [B, d] a cross network x_{l+1} = x₀ · (x_l W_l + b_l) + x_l with full
 * matrices W_l [d, d], so that l layers make products of up to l + 1 features; beside it the hidden layers of an MLP; a last layer over both.
 */
import { defineModel } from '../define-model.js'
import { innerSize } from '../graph.js'
import { concat } from '../ops/concat.js'
import { reshape } from '../ops/reshape.js'
import { add, mul } from '../ops/scalar-functions.js'

export const dcnV2 = defineModel({
  defaults: { embedding: 16, crosses: 3, hidden: [128, 128], dropout: 0.2 },
  build(inputs, { embedding, crosses, hidden, dropout }, layers) {
    const e = layers.embedding(inputs, embedding)
    const width = innerSize(e.shape)
    const x0 = reshape(e, ['B', width])
    let x = x0
    for (let i = 0; i < crosses; i++) x = add(mul(x0, layers.dense(x, width, { name: `cross.${i}` })), x)
    // Without hidden layers the cross network stands alone.
    const both = hidden.length === 0 ? x : concat([x, layers.hidden(x0, { hidden, dropout })])
    return layers.logits(layers.dense(both, layers.classes, { name: 'out' }))
  },
})
