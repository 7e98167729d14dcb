import { createHash } from 'node:crypto'
import { BucketError } from './bucket-store.ts'
import type { BucketAdministration } from './bucket-administration.ts'
import { checkListing } from './object-limits.ts'
import type { BucketSettings, ListPage, ObjectStore, VersionHead, VersionPlace } from './object-store.ts'

/** A bucket whose objects are part of the program: they can be read, and nobody can change anything about them. */
export interface FixedBucket {
  readonly settings: BucketSettings
  readonly objects: readonly FixedObject[]
}
export interface FixedObject {
  readonly key: string
  readonly body: Uint8Array
  readonly contentType: string
  /** Milliseconds since the epoch. */
  readonly lastModified: number
}

export interface BucketStores<Administration extends Pick<BucketAdministration, 'createBucket'>> {
  readonly objects: ObjectStore
  readonly administration: Administration
}

export interface FixedBuckets {
  readonly buckets: readonly FixedBucket[]
  /** Names that nobody may give to a bucket: those of the fixed ones, and of those to come. */
  isReserved(bucket: string): boolean
}

/** The same stores with fixed buckets beside what is in them. Nothing of theirs is stored, and no listing of buckets has them. */
export function withFixedBuckets<Administration extends Pick<BucketAdministration, 'createBucket'>>(
  { objects, administration }: BucketStores<Administration>,
  { buckets, isReserved }: FixedBuckets,
): BucketStores<Administration> {
  const fixed = new Map(buckets.map((bucket) => [bucket.settings.description.name, createFixedObjects(bucket)]))
  const of = (bucket: string): ObjectStore => fixed.get(bucket) ?? objects
  return {
    objects: {
      settings: (bucket) => of(bucket).settings(bucket),
      changeSettings: (bucket, change) => of(bucket).changeSettings(bucket, change),
      putObject: (request, body) => of(request.bucket).putObject(request, body),
      headObject: (place) => of(place.bucket).headObject(place),
      openObject: (request) => of(request.bucket).openObject(request),
      deleteObject: (request) => of(request.bucket).deleteObject(request),
      changeVersion: (place, change) => of(place.bucket).changeVersion(place, change),
      marks: (place) => of(place.bucket).marks(place),
      listObjects: (bucket, page) => of(bucket).listObjects(bucket, page),
      listVersions: (bucket, page) => of(bucket).listVersions(bucket, page),
      createUpload: (request) => of(request.bucket).createUpload(request),
      putPart: (part, body, expected) => of(part.bucket).putPart(part, body, expected),
      listParts: (upload, page) => of(upload.bucket).listParts(upload, page),
      listUploads: (bucket, page) => of(bucket).listUploads(bucket, page),
      completeUpload: (upload, parts, conditions) => of(upload.bucket).completeUpload(upload, parts, conditions),
      abortUpload: (upload) => of(upload.bucket).abortUpload(upload),
    },
    administration: {
      ...administration,
      async createBucket(bucket, options) {
        if (isReserved(bucket)) throw new BucketError('BucketAlreadyExists', `the name ${bucket} is taken`)
        await administration.createBucket(bucket, options)
      },
    },
  }
}

function createFixedObjects({ settings, objects }: FixedBucket): ObjectStore {
  const { name } = settings.description
  const entries = objects
    .map((object) => ({ body: object.body, head: headOf(object) }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.head.key), Buffer.from(b.head.key)))

  function find({ key, versionId = 'null' }: VersionPlace) {
    const found = entries.find(({ head }) => head.key === key)
    if (found && versionId === 'null') return found
    throw new BucketError(found ? 'NoSuchVersion' : 'NoSuchKey', `there is no object ${key} in ${name}`)
  }
  function list(page: ListPage) {
    const { prefix, after, limit } = checkListing(page)
    const all = entries.flatMap(({ head: { key, size, etag, lastModified } }) => {
      const bytes = Buffer.from(key)
      const isAsked = bytes.subarray(0, prefix.length).equals(prefix) && !(after && Buffer.compare(bytes, after) <= 0)
      return isAsked ? [{ key, size, etag, lastModified }] : []
    })
    return { objects: all.slice(0, limit), isTruncated: all.length > limit }
  }
  const refuse = () => Promise.reject(new BucketError('AccessDenied', `${name} is read-only: it is part of OpenTrail`))
  const noUpload = () => Promise.reject(new BucketError('NoSuchUpload', `there is no upload to ${name}`))

  return {
    settings: async () => settings,
    headObject: async (place) => find(place).head,
    marks: async (place) => find(place).head.marks,
    async openObject(request) {
      const { head, body } = find(request)
      return {
        head,
        async *read({ from, to }) {
          yield body.subarray(from, to)
        },
        close: async () => {},
      }
    },
    listObjects: async (_bucket, page) => list(page),
    async listVersions(_bucket, page) {
      const { objects: listed, isTruncated } = list(page)
      const only = { versionId: 'null', isLatest: true, isDeleteMarker: false }
      return { versions: listed.map((object) => ({ ...object, ...only })), isTruncated }
    },
    listUploads: async () => ({ uploads: [], isTruncated: false }),
    listParts: noUpload,
    abortUpload: noUpload,
    completeUpload: noUpload,
    putPart: noUpload,
    changeSettings: refuse,
    putObject: refuse,
    deleteObject: refuse,
    changeVersion: refuse,
    createUpload: refuse,
  }
}

const headOf = ({ key, body, contentType, lastModified }: FixedObject): VersionHead => ({
  key,
  size: body.length,
  etag: createHash('md5').update(body).digest('hex'),
  lastModified,
  contentType,
  isDeleteMarker: false,
  encryption: { kind: 'AES256' },
  marks: {},
})
