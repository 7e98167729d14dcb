import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard'

/** A value to be taken elsewhere. */
export const Copied = ({ text }: { readonly text: string }) => (
  <CopyToClipboard
    variant="inline"
    textToCopy={text}
    copyButtonAriaLabel="Copy"
    copySuccessText="Copied"
    copyErrorText="It could not be copied"
  />
)
