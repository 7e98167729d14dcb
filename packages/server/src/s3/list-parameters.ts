import type { Checksum } from '../buckets/index.ts'
import { checksumType } from './object-headers.ts'
import type { S3Call } from './s3-call.ts'
import { invalidArgument } from './s3-error.ts'
import { element, urlEncoded, type Markup } from './xml.ts'

/** S3's page size: asked for more, it still answers with so many. */
export const pageMax = 1_000
const int32Max = 2_147_483_647

type Parameters = Pick<S3Call, 'parameter'>

/** @throws {S3Error} InvalidArgument */
export function countParameter({ parameter }: Parameters, name: string, max: number, standard = max): number {
  const text = parameter(name)
  if (text === undefined || text === '') return standard
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(number <= int32Max))
    throw invalidArgument(name, text, `Provided ${name} not an integer or within integer range`)
  return Math.min(number, max)
}

export interface CommonParameters {
  readonly prefix: string
  readonly delimiter: string
  readonly encodingType: 'url' | undefined
  /** Names as the answer writes them. */
  text(name: string): string
}

/** @throws {S3Error} InvalidArgument */
export function commonParameters({ parameter }: Parameters): CommonParameters {
  const encoding = parameter('encoding-type')
  if (encoding !== undefined && encoding !== 'url')
    throw invalidArgument('encoding-type', encoding, 'Invalid Encoding Method specified in Request')
  return {
    prefix: parameter('prefix') ?? '',
    delimiter: parameter('delimiter') ?? '',
    encodingType: encoding,
    text: encoding === 'url' ? urlEncoded : (name) => name,
  }
}

/** What a listing says of an object's checksum, which it does not tell. */
export const checksumElements = (checksum: Checksum | undefined): Markup[] =>
  checksum
    ? [element('ChecksumAlgorithm', checksum.algorithm), element('ChecksumType', checksumType(checksum.value))]
    : []
