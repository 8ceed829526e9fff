// kind.js - what an object really is, whatever its prototype and its Symbol.toStringTag say.
//
// The engine gives each built-in kind of object a number; specimens made here, once, tell which.
// An object of a user's class is 'Object'; a subclass of Map is 'Map'. Asking runs no user code,
// so a Proxy is 'Proxy' and none of its traps is called.
import { classOf } from 'pinstripe:native/platform';

const names = [];

const learn = (name, specimen) => {
    names[classOf(specimen)] = name;
};

const buffer = new ArrayBuffer(0);

learn('Object', {});
learn('Array', []);
learn('Error', new Error());
learn('Number', Object(0));
learn('String', Object(''));
learn('Boolean', Object(false));
learn('Symbol', Object(Symbol.iterator));
learn('BigInt', Object(0n));
learn('Date', new Date(0));
learn('RegExp', /x/);
learn('Map', new Map());
learn('Set', new Set());
learn('WeakMap', new WeakMap());
learn('WeakSet', new WeakSet());
learn('WeakRef', new WeakRef(buffer));
learn('Map Iterator', new Map().entries());
learn('Set Iterator', new Set().values());
learn('Promise', Promise.resolve());
learn('Proxy', new Proxy({}, {}));
learn('ArrayBuffer', buffer);
learn('SharedArrayBuffer', new SharedArrayBuffer(0));
learn('DataView', new DataView(buffer));
learn('Builtin', parseInt);
learn('Function', () => 0);
learn('Function', parseInt.bind());
learn('GeneratorFunction', function* () {});
learn('AsyncFunction', async () => 0);
learn('AsyncGeneratorFunction', async function* () {});
learn('Generator', (function* () {})());
learn('Arguments', (function () { return arguments; })());
learn('Arguments', new Function('return arguments;')()); // not strict: another number

const typedArrays = [
    Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
    BigInt64Array, BigUint64Array, Float32Array, Float64Array,
];
for (const type of typedArrays)
    learn(type.name, new type(buffer));

const typed = new Set(typedArrays.map((type) => type.name));

/** The kind of an object or function; undefined for a primitive; 'Object' for any other kind. */
export const kindOf = (value) => {
    const number = classOf(value);
    return number === 0 ? undefined : names[number] ?? 'Object';
};

/** True when `kind` is that of a typed array. */
export const isTypedArrayKind = (kind) => typed.has(kind);
