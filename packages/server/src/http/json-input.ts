import { ApiError } from '../operations/index.ts'

/** Deeper than any input of the API (5), and far from what recursion over it could not bear. */
const depthMax = 64

const unreadable = (message: string) => new ApiError('SerializationException', message)

/**
 * The JSON object in a request body; nothing at all counts as `{}`. Untrusted: bounded in depth, and free of text that
 * is not Unicode (it could not be recorded as it was sent).
 * @throws {ApiError} SerializationException
 */
export function parseJsonObject(body: Uint8Array): Record<string, unknown> {
  if (body.length === 0) return {}
  const text = decode(body)
  if (nestingDepth(text) > depthMax) throw unreadable(`The request body is nested deeper than ${depthMax} levels.`)
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unreadable('The request body must be a JSON object.')
  }
  // Surrogates can only be hidden in escapes: the decoder lets none through.
  if (/\\u[dD][89a-fA-F]/.test(text) && !isWellFormed(value))
    throw unreadable('The request body holds a lone surrogate.')
  return value as Record<string, unknown>
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (error) {
    throw new ApiError('SerializationException', 'The request body is not UTF-8.', { cause: error })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ApiError('SerializationException', 'The request body is not valid JSON.', { cause: error })
  }
}

/** Deepest nesting outside of strings; counts brackets only, so it also answers for text that is not JSON. */
function nestingDepth(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 0x5c) i++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x7d || code === 0x5d) depth--
  }
  return deepest
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (Array.isArray(value)) return value.every(isWellFormed)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, item]) => name.isWellFormed() && isWellFormed(item))
}
