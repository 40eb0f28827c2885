/** Common subexpressions: nodes of the same op, inputs and attributes compute the same value, so one of them stands for all. */
import { isLeaf, type Tensor } from '../graph.js'

/** `nodes` with every input before its user; the answer maps each to its representative. */
export function unifyEqualNodes(nodes: readonly Tensor[]): Map<Tensor, Tensor> {
  const first = new Map<string, Tensor>()
  const unified = new Map<Tensor, Tensor>()
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => (unified.get(input) as Tensor).id)
    const key = isLeaf(node) ? `${node.id}` : JSON.stringify([node.op, inputs, node.attributes, node.shape, node.rowsOf])
    const same = first.get(key) ?? node
    first.set(key, same)
    unified.set(node, same)
  }
  return unified
}
