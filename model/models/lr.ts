/** LR: logistic regression over ids and numbers. */
import { defineModel } from '../define-model.js'

export const lr = defineModel({
  defaults: {},
  build: (inputs, _, layers) => layers.linear(inputs),
})
