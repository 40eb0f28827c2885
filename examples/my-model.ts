/**
 * A model of your own: deep and cross (Wang et al., 2017). Each cross layer multiplies the input with a learned scalar of the layer before,
 * x' = x₀ · (x·w) + b + x, so that n layers see products of up to n + 1 features. In a job:
 *
 *   model: {kind: file, path: my-model.ts, options: {embedding: 8, crosses: 2, hidden: [64]}}
 */
import { add, defineModel, matmul, mul, reshape, type Tensor } from 'lossmith'

export default defineModel({
  // Every option with its default; the job's options must have the same types.
  defaults: { embedding: 16, crosses: 3, hidden: [128, 64], dropout: 0 },

  /** inputs.ids [B, F] and inputs.numbers [B, N] where the job normalises them; returns logits [B], of C classes [B, C]. */
  build(inputs, { embedding, crosses, hidden, dropout }, layers) {
    const embedded = layers.embedding(inputs, embedding) // [B, F + N, D]
    const width = (embedded.shape[1] as number) * embedding
    const x0 = reshape(embedded, ['B', width])

    let x: Tensor = x0
    for (let i = 0; i < crosses; i++) {
      const weight = layers.parameter(`cross.${i}.weight`, [width, 1], { kind: 'uniform', bound: 1 / Math.sqrt(width) })
      const bias = layers.parameter(`cross.${i}.bias`, [width], { kind: 'zeros' })
      x = add(add(mul(x0, matmul(x, weight)), bias), x)
    }
    const crossed = layers.dense(x, layers.classes, { name: 'cross.out' })
    const deep = layers.mlp(x0, { hidden, dropout })
    return add(layers.linear(inputs), layers.logits(add(crossed, deep)))
  },
})
