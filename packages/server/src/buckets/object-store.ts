import type { BucketDescription } from './bucket-administration.ts'
import type { ListedObject, ObjectHead } from './bucket-store.ts'

/**
 * What the S3 front needs beyond `BucketStore`: versions, locks, tags, multipart uploads, and bodies that are streamed. The
 * directory store has it, a memory adapter for tests too; both pass `objectStoreContract`. Rules that S3 has for these things
 * (a locked version is not removed, a suspended bucket writes the version `null`) are kept here, within one transaction.
 * Names and keys are untrusted. All methods throw {BucketError} with S3's code. What resolved has survived a power cut.
 */
export interface ObjectStore {
  settings(bucket: string): Promise<BucketSettings>
  /** Replaces what `change` makes of the settings, alone. What `change` throws leaves nothing behind. */
  changeSettings(bucket: string, change: (settings: BucketSettings) => BucketSettings): Promise<void>

  putObject(request: PutRequest, body: AsyncIterable<Uint8Array>): Promise<StoredVersion>
  /** Without `versionId` the current version; a delete marker is `NoSuchKey` (or `MethodNotAllowed` where it is named) and says so. */
  headObject(place: VersionPlace): Promise<VersionHead>
  /** The body may be read once, from any byte, and is given back by `close`; it stays readable whatever is deleted meanwhile. */
  openObject(request: OpenRequest): Promise<OpenObject>
  /** With a version id: that version, for good; without: a delete marker in a versioned bucket, else the object. */
  deleteObject(request: DeleteRequest): Promise<Deleted>
  /** Tags, retention and legal hold of one version. What Object Lock forbids is AccessDenied, whatever `change` makes. */
  changeVersion(place: MarksPlace, change: (marks: VersionMarks, head: VersionHead) => VersionMarks): Promise<void>
  marks(place: VersionPlace): Promise<VersionMarks>

  listObjects(bucket: string, page: ListPage): Promise<{ objects: readonly ListedContent[]; isTruncated: boolean }>
  /** Newest version first within a key. */
  listVersions(
    bucket: string,
    page: ListPage & { readonly afterVersion?: string },
  ): Promise<{ versions: readonly ListedVersion[]; isTruncated: boolean }>

  createUpload(request: UploadRequest): Promise<{ readonly uploadId: string }>
  putPart(part: PartRequest, body: AsyncIterable<Uint8Array>, expected?: ExpectedBody): Promise<StoredPart>
  listParts(upload: UploadPlace, page: { readonly after?: number; readonly limit: number }): Promise<PartPage>
  listUploads(
    bucket: string,
    page: ListPage & { readonly afterUpload?: string },
  ): Promise<{ uploads: readonly ListedUpload[]; isTruncated: boolean }>
  completeUpload(
    upload: UploadPlace,
    parts: readonly CompletedPart[],
    conditions?: CompleteConditions,
  ): Promise<StoredVersion>
  abortUpload(upload: UploadPlace): Promise<void>
}

export interface BucketSettings {
  readonly description: BucketDescription
  /** Each as the JSON or XML text that was put, checked by who put it; absent: none. */
  readonly documents: Readonly<Partial<Record<BucketDocument, string>>>
  readonly versioning?: 'Enabled' | 'Suspended'
  /** Once on, always on. */
  readonly objectLock?: { readonly defaultRetention?: DefaultRetention }
  readonly tags?: Readonly<Record<string, string>>
  /** Absent: SSE-S3. */
  readonly encryption?: Encryption
}
/** `policy` is JSON; the others are the parsed and re-serialised XML of S3. */
export type BucketDocument = 'policy' | 'lifecycle' | 'publicAccessBlock' | 'ownershipControls'
export interface DefaultRetention {
  readonly mode: RetentionMode
  readonly days: number
}
export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE'
/** How a version's bytes are encrypted at rest: always, at least under the key ring. */
export type Encryption =
  { readonly kind: 'AES256' } | { readonly kind: 'aws:kms'; readonly keyId?: string; readonly bucketKey?: boolean }

/** Headers that S3 keeps with an object and sends back, and user metadata in lower case. */
export interface VersionAttributes {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  readonly contentDisposition?: string
  readonly cacheControl?: string
  readonly expires?: string
  readonly websiteRedirectLocation?: string
  readonly metadata?: Readonly<Record<string, string>>
}
export interface VersionMarks {
  readonly tags?: Readonly<Record<string, string>>
  readonly retention?: { readonly mode: RetentionMode; readonly until: number }
  readonly isLegallyHeld?: boolean
}
export interface WriteConditions {
  /** `If-None-Match: *` */
  readonly onlyIfAbsent?: boolean
  /** `If-Match` */
  readonly onlyIfEtag?: string
}
/** What the client promised of the body; one that differs stores nothing (BadDigest, XAmzContentChecksumMismatch, ...). */
export interface ExpectedBody {
  readonly md5?: Uint8Array
  readonly size?: number
  readonly checksum?: Checksum | { readonly algorithm: ChecksumAlgorithm; readonly value: () => string | undefined }
}
export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256'
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64; for multipart with `-N` where composite. */
  readonly value: string
}

export interface VersionPlace {
  readonly bucket: string
  readonly key: string
  /** `null` names the version of a bucket without versions. */
  readonly versionId?: string
}
export interface OpenRequest extends VersionPlace {
  /** Who reads: the key of an object under SSE-KMS is asked for in their name. */
  readonly user: ObjectUser
}
export interface MarksPlace extends VersionPlace {
  /** `x-amz-bypass-governance-retention` by who may. */
  readonly bypassesGovernance?: boolean
}
export interface PutRequest extends VersionAttributes, WriteConditions, VersionMarks {
  readonly bucket: string
  readonly key: string
  readonly encryption?: Encryption
  readonly expected?: ExpectedBody
  /** Who makes it: its key's policy is asked, and the encryption context carries its trail. */
  readonly user: ObjectUser
}
export type ObjectUser =
  | { readonly kind: 'account'; readonly account: string; readonly arn: string }
  | { readonly kind: 'delivery'; readonly account: string; readonly trailArn: string }
export interface StoredVersion {
  readonly etag: string
  /** Absent in a bucket that never had versions. */
  readonly versionId?: string
  readonly checksum?: Checksum
  readonly encryption: Encryption
  readonly size: number
  readonly lastModified: number
}
export interface VersionHead extends ObjectHead, VersionAttributes {
  readonly versionId?: string
  readonly isDeleteMarker: boolean
  readonly checksum?: Checksum
  readonly encryption: Encryption
  readonly marks: VersionMarks
  /** Of a multipart upload. */
  readonly parts?: readonly { readonly number: number; readonly size: number }[]
}
export interface OpenObject {
  readonly head: VersionHead
  /** Bytes [from, to). Decrypted, and checked as far as the format allows. */
  read(range: { readonly from: number; readonly to: number }): AsyncIterable<Uint8Array>
  close(): Promise<void>
}
export interface DeleteRequest extends VersionPlace {
  readonly user: ObjectUser
  /** `x-amz-bypass-governance-retention` by who may. */
  readonly bypassesGovernance?: boolean
  readonly onlyIfEtag?: string
}
export interface Deleted {
  readonly versionId?: string
  readonly isDeleteMarker: boolean
}
export interface ListPage {
  readonly prefix?: string
  /** Keys behind this one, in UTF-8 byte order. */
  readonly after?: string
  /** Keys behind all that begin with this: a folder that has been told of. The later one of it and `after` counts. */
  readonly afterPrefix?: string
  readonly limit: number
}
export interface ListedContent extends ListedObject {
  readonly checksum?: Checksum
}
export interface ListedVersion extends ListedContent {
  readonly versionId: string
  readonly isLatest: boolean
  readonly isDeleteMarker: boolean
}
export interface UploadRequest extends VersionAttributes, VersionMarks {
  readonly bucket: string
  readonly key: string
  readonly encryption?: Encryption
  readonly checksumAlgorithm?: ChecksumAlgorithm
  /** Absent: as S3, FULL_OBJECT for CRC64NVME, else COMPOSITE. SHA-1 and SHA-256 have no other. */
  readonly checksumType?: 'COMPOSITE' | 'FULL_OBJECT'
  readonly user: ObjectUser
}
export interface UploadPlace {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
}
/** Numbers 1 to 10,000. */
export interface PartPlace extends UploadPlace {
  readonly number: number
}
export interface PartRequest extends PartPlace {
  /** Made of another object: nobody could promise its checksum, which is computed. */
  readonly isCopy?: boolean
  readonly user: ObjectUser
}
export interface CompletedPart {
  readonly number: number
  readonly etag: string
  /** Base64, as the part's checksum was told. One that differs is InvalidPart. */
  readonly checksum?: string
}
export interface CompleteConditions extends WriteConditions {
  /** Of the whole object: Base64, with or without `-N`. */
  readonly checksum?: string
  /** What the client takes the upload's checksum for; another one is InvalidRequest. */
  readonly checksumType?: 'COMPOSITE' | 'FULL_OBJECT'
  /** `x-amz-mp-object-size` */
  readonly size?: number
}
export interface StoredPart {
  readonly etag: string
  readonly checksum?: Checksum
}
export interface ListedPart extends StoredPart {
  readonly number: number
  readonly size: number
  readonly lastModified: number
}
/** As asked for when the upload began, the type also where it was left to us. */
export type UploadChecksum = Pick<UploadRequest, 'checksumAlgorithm' | 'checksumType'>
export interface PartPage extends UploadChecksum {
  readonly parts: readonly ListedPart[]
  readonly isTruncated: boolean
}
export interface ListedUpload extends UploadChecksum {
  readonly key: string
  readonly uploadId: string
  readonly initiated: number
}
