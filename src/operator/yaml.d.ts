/** Manifests are embedded as text by the build. */
declare module '*.yaml' {
  const text: string;
  export default text;
}
