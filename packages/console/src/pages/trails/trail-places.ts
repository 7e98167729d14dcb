import { hrefOf } from '../../shell/place.ts'

export const trailPath = (arn: string, view?: 'edit' | 'file'): string =>
  `/trails/${encodeURIComponent(arn)}${view ? `/${view}` : ''}`

export const trailHref = (arn: string, tab?: string): string => hrefOf(trailPath(arn), { tab })

export const logFileHref = (arn: string, bucket: string, key: string): string =>
  hrefOf(trailPath(arn, 'file'), { bucket, key })

export const trailName = (arn: string): string => arn.split('/').at(-1) ?? arn
