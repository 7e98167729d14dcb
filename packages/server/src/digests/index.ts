export { openDigests, type DigestOptions, type Digests, type DigestStatus } from './digests.ts'
export { defaultDigestLimits, type DigestLimits } from './digest-limits.ts'
