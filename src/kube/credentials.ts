/** Where the API server is and how to prove who one is. Asked anew for each connection, so that rotation needs no restart. */
export interface Credentials {
  /** May be plain http, and may have a path (a server behind a gateway). */
  readonly server: URL;
  /** The namespace that the credentials name as one's own. */
  readonly namespace?: string;
  tls(): TlsOptions;
  /** Value of the Authorization header, if there is one. */
  authorization(): Promise<string | undefined>;
  /** The server answered 401: what is cached may have been replaced. */
  rejected?(): void;
}

/** PEM texts; names as in `node:tls`. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Name in the server's certificate, where it differs from the URL's. */
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}
