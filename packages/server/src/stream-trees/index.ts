export { openStreamTrees, type StreamTreesOptions } from './open-stream-trees.ts'
export { ForeignTreeError, LeavesLostError, type StreamTrees } from './stream-trees.ts'
export { type TreeLimits } from './tree-limits.ts'
