export {
  checkpointExtensionsMax,
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  type Checkpoint,
  type CheckpointReading,
  type OpenedCheckpoint,
} from './checkpoint.ts'
export {
  formatGrowthProof,
  parseGrowthProof,
  verifyGrowth,
  type GrowthProof,
  type GrowthProofReading,
  type GrowthVerdict,
} from './growth-proof.ts'
export {
  formatProof,
  parseProof,
  proofExtraBytesMax,
  verifyProof,
  type LogProof,
  type LogProofReading,
  type LogProofVerdict,
} from './log-proof.ts'
export {
  encodeVerifierKey,
  noteKey,
  noteSigner,
  parseVerifierKey,
  type NoteKey,
  type NoteSigner,
  type VerifierKeyReading,
} from './note-key.ts'
export { noteBytesMax } from './note-text.ts'
export {
  noteSignaturesMax,
  openNote,
  signNote,
  type NoteFault,
  type NoteReading,
  type NoteSignature,
  type OpenedNote,
} from './signed-note.ts'
