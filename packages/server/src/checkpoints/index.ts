export { checkpointRoutes, type CheckpointRoutesOptions } from './checkpoint-routes.ts'
export { createCheckpointSigner, type CheckpointSigner } from './checkpoint-signer.ts'
export { createCheckpoints, type Checkpoints, type CheckpointsOptions, type SignedCheckpoint } from './checkpoints.ts'
export { LogKeyError, openLogKey, type LogKey } from './log-key.ts'
