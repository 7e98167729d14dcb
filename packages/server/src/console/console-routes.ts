import { headerValues, type WireRequest } from '../auth/index.ts'
import { jsonError, type Answer, type Exchange, type Route } from '../http/index.ts'
import type { ConsoleFile, ConsoleFiles, ContentCoding } from './console-files.ts'

const path = '/console/'
const page = 'index.html'

/**
 * What a page of the console may do: run its own scripts, and speak to the server that it came from. Records are written by strangers: even
 * one that found its way into the page as markup could load nothing and tell nobody.
 */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const securityHeaders = {
  'Content-Security-Policy': contentPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** `GET /console/...`: the console's files, to everyone: there is nothing in them that is not public. */
export function consoleRoutes(files: ConsoleFiles): readonly Route[] {
  const redirect = (exchange: Exchange) => exchange.respond({ status: 302, headers: { Location: path } })
  return [
    { method: 'GET', path: '/console', handle: redirect },
    { method: 'GET', path: 'console from a browser', claims: isBrowserAtRoot, handle: redirect },
    {
      method: 'GET',
      path,
      match: 'prefix',
      handle(exchange) {
        const name = exchange.path.slice(path.length)
        const file = files.get(name === '' ? page : name)
        exchange.respond(file ? fileAnswer(exchange, file) : missing(files))
      },
    },
  ]
}

/** Somebody typed the server's address. AWS clients sign what they send to `/`, or say in the query what they want. */
const isBrowserAtRoot = ({ target, rawHeaders }: WireRequest): boolean =>
  target === '/' &&
  headerValues(rawHeaders, 'authorization').length === 0 &&
  headerValues(rawHeaders, 'accept').some((accept) => accept.includes('text/html'))

function fileAnswer(exchange: Exchange, file: ConsoleFile): Answer {
  const coding = chooseCoding(exchange.header('accept-encoding') ?? '', file)
  const tag = `"${file.hash}-${coding}"`
  const headers = {
    ...securityHeaders,
    'Content-Type': file.contentType,
    'Cache-Control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: tag,
    Vary: 'Accept-Encoding',
    ...(coding !== 'identity' && { 'Content-Encoding': coding }),
  }
  const body = file.content[coding] ?? file.content.identity
  const known = exchange.header('if-none-match')?.split(',') ?? []
  const isKnown = known.some((text) => text.trim().replace(/^W\//, '') === tag)
  return isKnown ? { status: 304, headers, contentLength: body.length } : { status: 200, headers, body }
}

/** The smallest form that the client takes. */
export function chooseCoding(acceptEncoding: string, { content }: Pick<ConsoleFile, 'content'>): ContentCoding {
  const accepted = new Set(
    acceptEncoding
      .toLowerCase()
      .split(',')
      .map((item) => /^\s*([\w-]+)\s*(?:;\s*q=([\d.]+))?\s*$/.exec(item))
      .flatMap((match) => (match?.[1] !== undefined && Number(match[2] ?? 1) > 0 ? [match[1]] : [])),
  )
  return (['br', 'gzip'] as const).find((coding) => accepted.has(coding) && content[coding] !== undefined) ?? 'identity'
}

const missing = (files: ConsoleFiles): Answer =>
  files.size === 0
    ? jsonError(404, 'NotFoundException', 'The console is not part of this build; "npm run build" makes it.')
    : jsonError(404, 'NotFoundException', 'There is nothing at this path.')
