// What the scripts of vendor/ put into the global scope, as far as it is used.
declare global {
  var d3: any;
}
export {};
