/** A search that is not written as the language wants it. The message is meant for the person who typed it. */
export class SearchSyntaxError extends Error {
  override readonly name = 'SearchSyntaxError'
  /** Where in the text, in UTF-16 units from 0. */
  readonly at: number

  constructor(what: string, at: number) {
    super(`${what} (character ${at + 1})`)
    this.at = at
  }
}
