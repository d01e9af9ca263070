/** Creates a proxy of the current object: each use of the proxy is a use of the object that `find` returns. */
export function createContextProxy<Target extends object>(find: () => Target, bindsMethods = true): Target {
  const target: Target = Object.create(null);
  return new Proxy(target, {
    get(_, key) {
      const current = find();
      const value: unknown = Reflect.get(current, key, current);
      return bindsMethods && typeof value === "function" ? value.bind(current) : value;
    },
    set: (_, key, value) => {
      const current = find();
      return Reflect.set(current, key, value, current);
    },
    has: (_, key) => Reflect.has(find(), key),
    deleteProperty: (_, key) => Reflect.deleteProperty(find(), key),
    ownKeys: () => Reflect.ownKeys(find()),
    getPrototypeOf: () => Reflect.getPrototypeOf(find()),
    getOwnPropertyDescriptor(_, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(find(), key);
      // The proxy's own target has no such property, so that only a configurable one may be reported.
      return descriptor === undefined ? undefined : { ...descriptor, configurable: true };
    },
  });
}
