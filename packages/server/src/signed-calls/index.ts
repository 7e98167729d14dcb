export {
  createSignedClient,
  SignedCallError,
  type SignedAnswer,
  type SignedClient,
  type SignedClientOptions,
} from './signed-client.ts'
