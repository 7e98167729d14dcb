import Button from '@cloudscape-design/components/button'
import { useState } from 'react'
import { partsOf } from '../../text/hidden-characters.ts'

/** A browser takes a second to lay out a megabyte. */
const shownCharacters = 64 * 1024

export function RawRecord({ text }: { readonly text: string }) {
  const [showsAll, setShowsAll] = useState(false)
  const isCut = text.length > shownCharacters && !showsAll
  return (
    <>
      <pre className="raw-record" tabIndex={0} aria-label="Raw record">
        {partsOf(isCut ? text.slice(0, shownCharacters) : text).map((part, i) =>
          part.kind === 'hidden' ? (
            <span key={i} className="hidden-character">
              {part.text}
            </span>
          ) : (
            part.text
          ),
        )}
      </pre>
      {isCut && (
        <Button variant="inline-link" onClick={() => setShowsAll(true)}>
          Show all {text.length.toLocaleString()} characters
        </Button>
      )}
    </>
  )
}
