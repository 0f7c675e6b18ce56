/** Each takes the input of a vector and gives what its `ok` should be, or throws an error with its `code`. */
export function areasOf(airwaybill: object, patches: object, reports: object): Record<string, (input: any) => unknown>;
