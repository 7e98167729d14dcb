export { appendLeaf, emptyFrontier, leafHash, rootHash, type MerkleFrontier } from './frontier.ts'
