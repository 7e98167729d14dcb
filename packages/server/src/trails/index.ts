export type { Change, Commit, SaveTrail, TrailDirectory } from './trail-directory.ts'
