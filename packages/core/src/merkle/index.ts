export { appendLeaf, appendLeaves, emptyFrontier, leafHash, rootHash, type MerkleFrontier } from './frontier.ts'
