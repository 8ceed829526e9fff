// structured_clone.js - structuredClone: a deep copy with cycles, of everything that is data.
//
// Works through a list of what is still to be filled, not by recursion, so that depth costs no
// stack. A class instance becomes a plain object; functions, symbols, proxies, promises and weak
// collections cannot be copied.
import { detachBuffer } from 'pinstripe:native/platform';
import { DOMException } from 'pinstripe:events';
import { inspect } from 'pinstripe:inspect';
import { isTypedArrayKind, kindOf } from 'pinstripe:kind';

const errorTypes = {
    Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
};

const refuse = (value) => {
    throw new DOMException(`${inspect(value, { depth: -1 })} could not be cloned.`,
        'DataCloneError');
};

const setOwn = (object, name, value, enumerable = true) =>
    Object.defineProperty(object, name, { value, enumerable, writable: true, configurable: true });

const isDetached = (buffer) => {
    try {
        new Uint8Array(buffer);
        return false;
    } catch {
        return true;
    }
};

class Cloning {
    #copies = new Map(); // original -> copy
    #unfilled = []; // functions that finish a copy
    #moved;

    constructor(moved) {
        this.#moved = new Set(moved);
    }

    run(value) {
        const result = this.#copy(value);
        while (this.#unfilled.length > 0)
            this.#unfilled.pop()();
        // Nothing can fail any more: now the buffers change hands.
        for (const buffer of this.#moved)
            detachBuffer(buffer);
        return result;
    }

    #copy(value) {
        if (typeof value === 'symbol')
            refuse(value);
        const kind = kindOf(value);
        if (kind === undefined)
            return value;
        if (this.#copies.has(value))
            return this.#copies.get(value);
        const make = makers[kind] ?? (isTypedArrayKind(kind) ? makers.view : refuse);
        const copy = make(value, this);
        this.#copies.set(value, copy);
        return copy;
    }

    later(fill) {
        this.#unfilled.push(fill);
    }

    copy(value) {
        return this.#copy(value);
    }
}

const fillProperties = (from, to, cloning) => cloning.later(() => {
    for (const key of Object.keys(from))
        if (Object.hasOwn(from, key)) // a getter may have deleted it
            setOwn(to, key, cloning.copy(from[key]));
});

const copyError = (error, cloning) => {
    const name = `${error.name}`;
    const copy = new (Object.hasOwn(errorTypes, name) ? errorTypes[name] : Error)();
    for (const key of ['message', 'stack'])
        if (error[key] !== undefined)
            setOwn(copy, key, `${error[key]}`, false);
    if (Object.hasOwn(error, 'cause'))
        cloning.later(() => setOwn(copy, 'cause', cloning.copy(error.cause), false));
    return copy;
};

const copyException = (error) => {
    const copy = new DOMException(error.message, error.name);
    setOwn(copy, 'stack', error.stack, false);
    return copy;
};

const makers = {
    Object(value, cloning) {
        const copy = {};
        fillProperties(value, copy, cloning);
        return copy;
    },
    Array(value, cloning) {
        const copy = new Array(value.length);
        fillProperties(value, copy, cloning);
        return copy;
    },
    Arguments(value, cloning) {
        return makers.Object(value, cloning);
    },
    Map(value, cloning) {
        const copy = new Map();
        const entries = [...value];
        cloning.later(() => {
            for (const [key, member] of entries)
                copy.set(cloning.copy(key), cloning.copy(member));
        });
        return copy;
    },
    Set(value, cloning) {
        const copy = new Set();
        const members = [...value];
        cloning.later(() => {
            for (const member of members)
                copy.add(cloning.copy(member));
        });
        return copy;
    },
    Date: (value) => new Date(Date.prototype.getTime.call(value)),
    RegExp: (value) => new RegExp(value.source, value.flags),
    Error: (value, cloning) =>
        value instanceof DOMException ? copyException(value) : copyError(value, cloning),
    Number: (value) => Object(Number.prototype.valueOf.call(value)),
    String: (value) => Object(String.prototype.valueOf.call(value)),
    Boolean: (value) => Object(Boolean.prototype.valueOf.call(value)),
    BigInt: (value) => Object(BigInt.prototype.valueOf.call(value)),
    ArrayBuffer: (value) => isDetached(value) ? refuse(value) : value.slice(0),
    DataView: (value, cloning) =>
        new DataView(cloning.copy(value.buffer), value.byteOffset, value.byteLength),
    view: (value, cloning) =>
        new globalThis[kindOf(value)](cloning.copy(value.buffer), value.byteOffset, value.length),
};

const checkTransfer = (list) => {
    if (new Set(list).size !== list.length)
        throw new DOMException('A buffer is twice in the transfer list.', 'DataCloneError');
    for (const buffer of list)
        if (kindOf(buffer) !== 'ArrayBuffer' || isDetached(buffer))
            throw new DOMException(`${inspect(buffer, { depth: 0 })} cannot be transferred: ` +
                'that can be done with an ArrayBuffer that is not detached.', 'DataCloneError');
};

export function structuredClone(value, options) {
    if (arguments.length === 0)
        throw new TypeError('structuredClone(value) needs the value');
    const transfer = [...options?.transfer ?? []];
    checkTransfer(transfer);
    return new Cloning(transfer).run(value);
}
