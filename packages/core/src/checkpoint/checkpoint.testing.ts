import { createPrivateKey, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { noteSigner, type NoteSigner } from './note-key.ts'

/** An Ed25519 private key of its 32 secret bytes, which PKCS #8 puts behind this prefix. */
export const privateKeyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  })

/** The same signer for the same name each time. */
export const signerOf = (name: string): NoteSigner => noteSigner(name, privateKeyOf(Buffer.alloc(32, name)))

/** A text with a few characters put in, taken out, written over, repeated, or cut off. */
export const mutationsOf = (text: string): fc.Arbitrary<string> => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\n',
      '\n\n',
      ' ',
      '+',
      '\u2014 ',
      '0',
      '1',
      '=',
      '/',
      'A',
      '\r',
      '\u0000',
      '\ud800',
      '\ufeff',
      '\u00a0',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.tuple(fc.nat(text.length), fc.nat(40)).map(([at, length]) => text.slice(at, at + length)),
  )
  const edit = fc.record({ at: fc.nat(text.length), removed: fc.nat(4), inserted: piece })
  return fc
    .tuple(fc.array(edit, { minLength: 1, maxLength: 3 }), fc.option(fc.nat(text.length)))
    .map(([edits, cut]) =>
      edits
        .reduce((all, { at, removed, inserted }) => all.slice(0, at) + inserted + all.slice(at + removed), text)
        .slice(0, cut ?? undefined),
    )
}

/** Each text that has another character in one place. */
export function* withOneCharacterChanged(text: string): Generator<string> {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    yield text.slice(0, at) + String.fromCharCode(code ^ 1) + text.slice(at + 1)
    yield text.slice(0, at) + text.slice(at + 1)
  }
}
