export { openTrailDirectory, type ControlTrailDirectory } from './control-trail-directory.ts'
export type { Change, Commit, SaveTrail, TrailDirectory } from './trail-directory.ts'
