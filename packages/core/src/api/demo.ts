/** GET /api/v1/demo: an hour of invented activity that ends now. Nothing of it is stored until it is sent to `POST /events`, as it is. */
export interface ApiDemo {
  readonly Records: readonly Readonly<Record<string, unknown>>[]
}
