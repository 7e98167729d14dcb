import { inspect } from 'node:util'

/** A text that shows itself only when asked: not in a log line, a JSON text or an error that a configuration gets into. */
export interface Secret {
  reveal(): string
  toJSON(): string
  toString(): string
}

export function createSecret(value: string): Secret {
  const hidden = '***'
  return Object.freeze({
    reveal: () => value,
    toJSON: () => hidden,
    toString: () => hidden,
    [inspect.custom]: () => hidden,
  })
}
