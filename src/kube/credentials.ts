/** What node:tls takes to know the server and to be known by it. */
export interface TlsSettings {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  /** Name to expect in the server's certificate, where it is not the one in the URL. */
  servername?: string;
  rejectUnauthorized?: boolean;
}

/** Where the API server is, and who we are to it. */
export interface Credentials {
  readonly server: URL;
  /** Namespace of the identity or of the context, where known. */
  readonly namespace?: string;
  /** The Authorization header for the next request, if any. */
  authorization(): Promise<string | undefined>;
  /** Read after {@link authorization}, which may renew it. */
  tls(): TlsSettings;
  /** Told of a 401, and of a server that could not be reached or verified: the next request brings fresh credentials. */
  refused?(): void;
}
