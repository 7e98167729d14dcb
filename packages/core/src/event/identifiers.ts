declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** Twelve decimal digits. */
export type AccountId = Brand<string, 'AccountId'>
/** A Region name such as `eu-west-1`; which names exist is configuration. */
export type Region = Brand<string, 'Region'>
/** `<account>/<region>`: the journal's unit of order. */
export type StreamId = Brand<string, 'StreamId'>
/** Position of an entry in its stream: 1, 2, 3, ... without gaps. 0 means "before the first". */
export type Sequence = Brand<number, 'Sequence'>

export const isAccountId = (text: string): text is AccountId => /^\d{12}$/.test(text)
/** The shape that log-file readers accept in keys (`[\w-]+`), here in lower case. */
export const isRegionName = (text: string): text is Region =>
  /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(text) && text.length <= 32

export const streamId = (account: AccountId, region: Region): StreamId => `${account}/${region}` as StreamId
export function streamParts(stream: StreamId): { readonly account: AccountId; readonly region: Region } {
  const slash = stream.indexOf('/')
  return { account: stream.slice(0, slash) as AccountId, region: stream.slice(slash + 1) as Region }
}
