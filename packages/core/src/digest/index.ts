export { digestBytes, type DigestFile, type DigestLogFile } from './digest-file.ts'
export { digestFolder, digestKey, parseDigestKey, type DigestName } from './digest-key.ts'
export {
  digestMetadata,
  isSignatureOf,
  publicKeyFingerprint,
  sha256Hex,
  signDigest,
  textToSign,
  type SignedFields,
} from './digest-signature.ts'
export { isWithinShape, type JsonShape } from './json-shape.ts'
export { PlaceSet } from './place-set.ts'
export { publicKeys, type PublicKey, type PublicKeys, type PublicKeySource } from './public-key.ts'
export { digestBytesMax, digestLogFilesMax, readDigest, type DigestFault, type ReadDigest } from './read-digest.ts'
export {
  type AvailableDigest,
  type FetchedDigest,
  type FetchedLogFile,
  type Place,
  type Unavailable,
} from './fetched.ts'
export {
  findingKinds,
  type Finding,
  type FindingData,
  type FindingKind,
  type FindingMeaning,
  type Severity,
} from './finding.ts'
export { chainDifference, type ExpectedChain } from './expected-chain.ts'
export { checkDigest, digestWindowMs, type CheckedDigest, type DigestExpectations } from './check-digest.ts'
export { digestHead, type DigestHead, type PreviousDigest } from './digest-head.ts'
export { checkLink } from './check-link.ts'
export { checkLogFile } from './check-log-file.ts'
export { createLogFileLedger, type LogFileLedger } from './log-file-ledger.ts'
export {
  createChainChecker,
  type AddedDigest,
  type ChainChecker,
  type ChainEnd,
  type ChainOptions,
  type Checkpoint,
} from './chain-checker.ts'
export { byNewest, checkChain, type CheckedChain } from './check-chain.ts'
export { awsGapText, awsVerdict, type AwsVerdict, type JudgedObject } from './aws-verdict.ts'
