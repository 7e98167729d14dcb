import Button from '@cloudscape-design/components/button'
import { useState } from 'react'
import { partsOf } from './hidden-characters.ts'

/** Enough for every ARN; what is longer is cut until somebody wants it all. */
const shownCharacters = 300

/** Text that a stranger wrote: as text only, hidden characters by name, of long ones the beginning. */
export function UntrustedText({ text, max = shownCharacters }: { readonly text: string; readonly max?: number }) {
  const [showsAll, setShowsAll] = useState(false)
  const isCut = text.length > max && !showsAll
  return (
    <bdi className="untrusted">
      {partsOf(isCut ? text.slice(0, max) : text).map((part, i) =>
        part.kind === 'hidden' ? (
          <span key={i} className="hidden-character" title="a character that cannot be seen">
            {part.text}
          </span>
        ) : (
          part.text
        ),
      )}
      {isCut && (
        <>
          …{' '}
          <Button variant="inline-link" onClick={() => setShowsAll(true)}>
            show all {text.length.toLocaleString()} characters
          </Button>
        </>
      )}
    </bdi>
  )
}
