export { coversRegion, trailVersion, type Tag, type Trail, type TrailSettings, type TrailVersion } from './trail.ts'
