/** How to reach an API server, and as whom. Read anew for each connection and call: tokens and certificates rotate. */
export interface Credentials {
  readonly server: URL;
  tls(): TlsSettings;
  /** Value of the Authorization header; nothing with a client certificate. */
  authorization(): Promise<string | undefined>;
}

export interface TlsSettings {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized?: boolean;
}
