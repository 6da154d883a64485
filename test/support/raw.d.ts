/** A file's text: imported as a module, JSON would lose every `__proto__`. */
declare module "*?raw" {
  const text: string;
  export default text;
}
