export { alignedSpans, appendSubtrees, createSubtreeStack, type SubtreeStack } from './aligned.ts'
export { consistencyProof, verifyConsistency, type ConsistencyClaim } from './consistency.ts'
export { appendLeaf, appendLeaves, emptyFrontier, rootHash, type MerkleFrontier } from './frontier.ts'
export { emptyRoot, hashBytes, leafHash, nodeHash } from './hashes.ts'
export { inclusionProof, verifyInclusion, type InclusionClaim } from './inclusion.ts'
export { nodesFromRows, tileHeight, type NodeReader, type RowReader } from './node-reader.ts'
export { type NodeSink } from './node-stack.ts'
export { createNodeTable, type NodeTable } from './node-table.ts'
export {
  createRangeVerifier,
  rangeProof,
  verifyRange,
  type RangeClaim,
  type RangeProof,
  type RangeVerifier,
} from './range.ts'
export { type Span } from './spans.ts'
export { createTreeBuilder, type TreeBuilder, type TreeBuilderOptions } from './tree-builder.ts'
