export { LeavesLostError, type StreamTrees } from './stream-trees.ts'
