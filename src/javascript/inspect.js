// inspect.js - values as text for a person: what console.log shows and, later, the REPL.
//
// The layout is that of Node's util.inspect and util.format, so that what people know from there
// reads the same here. Nothing a value does may break it: a Proxy is looked through without calling
// its traps, a getter is named and not called (unless asked), and what throws while it is looked at
// becomes a note in the text. An object may say itself how it looks with a method
// [Symbol.for('pinstripe.inspect')](depth, options, inspect); a Proxy's is looked up on its target.
import { promiseResult, promiseState, proxyTarget } from 'pinstripe:native/platform';
import { isTypedArrayKind, kindOf } from 'pinstripe:kind';

const customs = [Symbol.for('pinstripe.inspect'), Symbol.for('nodejs.util.inspect.custom')];
const hasOwn = Object.hasOwn;
const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const uncurry = (method) => Function.prototype.call.bind(method);
const getterOf = (object, name) => uncurry(getOwnPropertyDescriptor(object, name).get);

const mapEntries = uncurry(Map.prototype.entries);
const setValues = uncurry(Set.prototype.values);
const mapSize = getterOf(Map.prototype, 'size');
const setSize = getterOf(Set.prototype, 'size');
const typedLength = getterOf(getPrototypeOf(Uint8Array.prototype), 'length');
const regExpText = uncurry(RegExp.prototype.toString);
const dateTime = uncurry(Date.prototype.getTime);
const isoText = uncurry(Date.prototype.toISOString);
const symbolText = uncurry(Symbol.prototype.toString);
const boxedValue = {
    Number: uncurry(Number.prototype.valueOf),
    String: uncurry(String.prototype.valueOf),
    Boolean: uncurry(Boolean.prototype.valueOf),
    BigInt: uncurry(BigInt.prototype.valueOf),
    Symbol: uncurry(Symbol.prototype.valueOf),
};

// Globals of the language itself; a class of the user's is none of them.
const builtins = new Set(
    Object.getOwnPropertyNames(globalThis).filter((name) => name < 'a'));

const EXTRA_KEYS_MAX = 5000; // arrays longer than this are not searched for keys that are no index
const TEXT_MAX = 2 ** 27; // beyond this, objects that are left are only named

const defaults = {
    showHidden: false,
    depth: 2,
    colors: false,
    customInspect: true,
    showProxy: false,
    maxArrayLength: 100,
    maxStringLength: 10000,
    breakLength: 80,
    compact: 3,
    sorted: false,
    getters: false,
};

const paints = {
    special: [36, 39], number: [33, 39], bigint: [33, 39], boolean: [33, 39], undefined: [90, 39],
    null: [1, 22], string: [32, 39], symbol: [32, 39], date: [35, 39], regexp: [31, 39],
};

// --- text ---------------------------------------------------------------------------------------

// Controls, quote, backslash and halves of surrogate pairs.
const unsafe = new RegExp('[\\x00-\\x1f\\x27\\x5c\\x7f-\\x9f]|' +
    '[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]');
const unsafeAll = new RegExp(unsafe.source, 'g');
const shortEscapes = {
    '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', "'": "\\'", '\\': '\\\\',
};

const escapeCharacter = (character) => {
    const code = character.charCodeAt(0);
    return shortEscapes[character] ?? (code < 256
        ? `\\x${code.toString(16).toUpperCase().padStart(2, '0')}` : `\\u${code.toString(16)}`);
};

const quote = (text) => {
    if (!unsafe.test(text))
        return `'${text}'`;
    let mark = "'";
    if (text.includes("'"))
        mark = !text.includes('"') ? '"' : !text.includes('`') && !text.includes('${') ? '`' : "'";
    const escaped = text.replace(unsafeAll, (character) =>
        character === "'" && mark !== "'" ? character : escapeCharacter(character));
    return `${mark}${escaped}${mark}`;
};

const isWide = (code) => code >= 0x1100 && (code <= 0x115f || code === 0x2329 || code === 0x232a ||
    (code >= 0x2e80 && code <= 0x3247 && code !== 0x303f) || (code >= 0x3250 && code <= 0x4dbf) ||
    (code >= 0x4e00 && code <= 0xa4c6) || (code >= 0xa960 && code <= 0xa97c) ||
    (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe10 && code <= 0xfe19) || (code >= 0xfe30 && code <= 0xfe6b) ||
    (code >= 0xff01 && code <= 0xff60) || (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1b000 && code <= 0x1b001) || (code >= 0x1f200 && code <= 0x1f251) ||
    (code >= 0x1f300 && code <= 0x1f64f) || (code >= 0x20000 && code <= 0x3fffd));

const isZeroWidth = (code) => code <= 0x1f || (code >= 0x7f && code <= 0x9f) ||
    (code >= 0x300 && code <= 0x36f) || (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x20d0 && code <= 0x20ff) || (code >= 0xfe00 && code <= 0xfe0f) ||
    (code >= 0xfe20 && code <= 0xfe2f) || (code >= 0xe0100 && code <= 0xe01ef);

/** Columns that a text takes on a terminal. */
export const widthOf = (text) => {
    if (/^[\x20-\x7e]*$/.test(text))
        return text.length;
    let width = 0;
    for (const character of text.replace(/\x1b\[\d+m/g, '').normalize('NFC')) {
        const code = character.codePointAt(0);
        width += isWide(code) ? 2 : isZeroWidth(code) ? 0 : 1;
    }
    return width;
};

const plural = (count, noun) => `${count} ${noun}${count > 1 ? 's' : ''}`;
const numberText = (number) => Object.is(number, -0) ? '-0' : `${number}`;

// What `read` gives, or `fallback` when the object defends itself.
const attempt = (read, fallback) => {
    try {
        return read();
    } catch {
        return fallback;
    }
};

const messageOf = (error) =>
    attempt(() => `${error.message ?? error}`, 'something that cannot be shown');

// --- names --------------------------------------------------------------------------------------

const lookThrough = (value) => {
    while (kindOf(value) === 'Proxy')
        value = proxyTarget(value);
    return value;
};

const isRevoked = (proxy) => attempt(() => (Array.isArray(proxy), false), true);

const ownConstructorName = (object, value) => {
    const made = getOwnPropertyDescriptor(object, 'constructor')?.value;
    if (typeof made !== 'function')
        return undefined;
    const named = lookThrough(made);
    const isItsClass = () =>
        typeof named.name === 'string' && named.name !== '' && value instanceof named;
    return attempt(isItsClass, false) ? named.name : undefined;
};

// The name of the class, null for an object without prototype.
const constructorName = (value) => {
    let first;
    for (let object = value; object !== null && object !== undefined;) {
        const name = ownConstructorName(object, value);
        if (name !== undefined)
            return name;
        object = lookThrough(getPrototypeOf(object));
        if (first === undefined)
            first = object;
    }
    if (first === null)
        return null;
    return `${kindOf(value)} <${inspect(first, { customInspect: false, depth: -1 })}>`;
};

const tagOf = (value, showHidden) => {
    const tag = attempt(() => value[Symbol.toStringTag], '');
    if (typeof tag !== 'string' || tag === '')
        return '';
    const shownAnyway = showHidden ? hasOwn(value, Symbol.toStringTag)
        : Object.prototype.propertyIsEnumerable.call(value, Symbol.toStringTag);
    return shownAnyway ? '' : tag;
};

const prefixOf = ({ constructor, tag }, fallback, size = '') => {
    if (constructor === null) {
        const extra = tag !== '' && fallback !== tag ? `[${tag}] ` : '';
        return `[${fallback}${size}: null prototype] ${extra}`;
    }
    const extra = tag !== '' && constructor !== tag ? `[${tag}] ` : '';
    return `${constructor}${size} ${extra}`;
};

const isIndex = (key) => {
    const number = +key;
    return number >= 0 && number < 4294967295 && `${number >>> 0}` === key;
};

const keysOf = (value, showHidden) => {
    const keys = showHidden ? Object.getOwnPropertyNames(value) : Object.keys(value);
    const symbols = Object.getOwnPropertySymbols(value);
    return symbols.length === 0 ? keys : keys.concat(showHidden ? symbols
        : symbols.filter((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol)));
};

const keysBesideIndexes = (value, length, showHidden) => length > EXTRA_KEYS_MAX ? []
    : keysOf(value, showHidden).filter((key) => typeof key === 'symbol' || !isIndex(key));

// --- errors -------------------------------------------------------------------------------------

// "RangeError", "MyError", "MyError [Error]": the name and, where it says more, the class.
const errorTitle = (error, { constructor, tag }) => {
    const name = attempt(() => `${error.name ?? 'Error'}`, 'Error');
    if (hasOwn(error, 'name'))
        return name;
    const prefix = prefixOf({ constructor, tag }, 'Error').slice(0, -1);
    return name === prefix || prefix.includes(name) ? prefix : `${prefix} [${name}]`;
};

const stackOf = (error) => attempt(() => `${error.stack ?? ''}`, '').replace(/\n+$/, '');

// The engine keeps name and message out of `stack`; other makers of errors put them in front.
const errorText = (error, names) => {
    const title = errorTitle(error, names);
    const message = attempt(() => `${error.message ?? ''}`, '');
    const stack = stackOf(error);
    const head = message === '' ? title : `${title}: ${message}`;
    if (stack === '')
        return `[${head}]`;
    if (/^\s+at /.test(stack))
        return `${head}\n${stack}`;
    return stack.includes('\n    at') ? stack : `[${stack}]`;
};

const frameStart = /\n {4}at /;

// Frames that an error shares with its cause are told once.
const dropSharedFrames = (text, causeStack) => {
    const start = text.search(frameStart);
    if (start < 0 || causeStack === '')
        return text;
    const frames = text.slice(start + 1).split('\n');
    const theirs = causeStack.split('\n');
    let same = 0;
    while (same < frames.length && same < theirs.length &&
            frames[frames.length - 1 - same] === theirs[theirs.length - 1 - same])
        same++;
    if (same <= 3)
        return text;
    const kept = frames.slice(0, frames.length - same + 1);
    const note = `    ... ${same - 2} lines matching cause stack trace ...`;
    return `${text.slice(0, start)}\n${[...kept, note, frames[frames.length - 1]].join('\n')}`;
};

const errorKeys = (error, keys, text) => {
    const shown = keys.filter((key) => !['name', 'message', 'stack'].includes(key) ||
        !attempt(() => text.includes(error[key]), false));
    if (!shown.includes('cause') && attempt(() => 'cause' in error, false))
        shown.push('cause');
    if (!shown.includes('errors') && attempt(() => Array.isArray(error.errors), false))
        shown.push('errors');
    return shown;
};

// --- shapes: how each kind is laid out -----------------------------------------------------------
//
// A shape is either a finished text or { open, close, base, keys, list, entries }: the brackets,
// what stands before them, the keys to show, whether it is laid out as a list, and what comes
// before the keys.

const noEntries = () => [];

const shapeOf = (open, keys, entries = noEntries, more) =>
    ({ open, close: '}', base: '', keys, list: false, entries, ...more });

// A text that is all there is to say, coloured then, or stands before the keys.
const baseOnly = (look, base, style, keys) => keys.length === 0 ? look.paint(base, style)
    : shapeOf('{', keys, noEntries, { base });

const collectionShape = (fallback, sizeOf, list) => (look, value, names) => {
    const size = sizeOf(value);
    const prefix = prefixOf(names, fallback, `(${size})`);
    const keys = keysOf(value, look.showHidden);
    return size === 0 && keys.length === 0 ? `${prefix}{}`
        : shapeOf(`${prefix}{`, keys, (level) => list(look, value, size, level));
};

const boxShape = (type) => (look, value, names) => {
    const inner = look.uncoloured(() => look.primitive(boxedValue[type](value)));
    const keys = keysOf(value, look.showHidden).filter((key) => type !== 'String' ||
        typeof key === 'symbol' || !isIndex(key));
    const other = names.constructor === null ? ' (null prototype)'
        : names.constructor !== type ? ` (${names.constructor})` : '';
    const tag = names.tag !== '' && names.tag !== names.constructor ? ` [${names.tag}]` : '';
    return baseOnly(look, `[${type}${other}: ${inner}]${tag}`, type.toLowerCase(), keys);
};

const classTitle = (value, { constructor, tag }) => {
    const name = attempt(() => hasOwn(value, 'name') && value.name, '') || '(anonymous)';
    const kind = constructor !== 'Function' && constructor !== null ? ` [${constructor}]` : '';
    const label = tag !== '' && constructor !== tag ? ` [${tag}]` : '';
    if (constructor === null)
        return `[class ${name}${kind}${label} extends [null prototype]]`;
    const parent = attempt(() => getPrototypeOf(value).name, '');
    return `[class ${name}${kind}${label}${parent ? ` extends ${parent}` : ''}]`;
};

const functionTitle = (value, kind, { constructor, tag }) => {
    const type = kind === 'Builtin' ? 'Function' : kind;
    const name = attempt(() => value.name, '');
    const nameless = constructor === null ? ' (null prototype)' : '';
    const called = name === '' || typeof name !== 'string' ? ' (anonymous)' : `: ${name}`;
    const made = constructor !== type && constructor !== null ? ` ${constructor}` : '';
    const label = tag !== '' && constructor !== tag ? ` [${tag}]` : '';
    return `[${type}${nameless}${called}]${made}${label}`;
};

// The prototype of a class cannot be exchanged, that of a function can.
const isClass = (value, kind) => kind === 'Function' &&
    getOwnPropertyDescriptor(value, 'prototype')?.writable === false;

const functionShape = (look, value, names, kind) =>
    baseOnly(look, isClass(value, kind) ? classTitle(value, names)
        : functionTitle(value, kind, names), 'special', keysOf(value, look.showHidden));

const bufferShape = (kind) => (look, value, names, _kind, insideView) => {
    const entries = insideView ? noEntries : () => [look.bytes(value)];
    const keys = ['byteLength', ...keysOf(value, look.showHidden)];
    return shapeOf(`${prefixOf(names, kind)}{`, keys, entries);
};

const arrayShape = (look, value, names) => {
    const { length } = value;
    const plain = names.constructor === 'Array' && names.tag === '';
    const open = `${plain ? '' : prefixOf(names, 'Array', `(${length})`)}[`;
    const keys = keysBesideIndexes(value, length, look.showHidden);
    return length === 0 && keys.length === 0 ? `${open}]`
        : shapeOf(open, keys, (level) => look.items(value, level), { close: ']', list: true });
};

const typedArrayShape = (look, value, names, kind) => {
    const length = typedLength(value);
    const open = `${prefixOf(names, kind, `(${length})`)}[`;
    const keys = keysBesideIndexes(value, length, look.showHidden);
    const entries = (level) => look.numbers(value, length, level);
    return length === 0 && keys.length === 0 && !look.showHidden ? `${open}]`
        : shapeOf(open, keys, entries, { close: ']', list: true });
};

const errorShape = (look, value, names) => {
    let base = errorText(value, names);
    const keys = errorKeys(value, keysOf(value, look.showHidden), base);
    const cause = attempt(() => value.cause, undefined);
    if (kindOf(cause) === 'Error')
        base = dropSharedFrames(base, stackOf(cause));
    return baseOnly(look, base.replaceAll('\n', look.newLine()), 'plain', keys);
};

const regExpShape = (look, value, names) => {
    const prefix = prefixOf(names, 'RegExp');
    const text = attempt(() => regExpText(value), '[RegExp]');
    return baseOnly(look, prefix === 'RegExp ' ? text : prefix + text, 'regexp',
        keysOf(value, look.showHidden));
};

const dateShape = (look, value, names) => {
    const prefix = prefixOf(names, 'Date');
    const text = Number.isNaN(dateTime(value)) ? 'Invalid Date' : isoText(value);
    return baseOnly(look, prefix === 'Date ' ? text : prefix + text, 'date',
        keysOf(value, look.showHidden));
};

const namedShape = (fallback, entries = noEntries) => (look, value, names) =>
    shapeOf(`${prefixOf(names, fallback)}{`, keysOf(value, look.showHidden),
        (level) => entries(look, value, level));

const iteratorShape = (look, value, { tag }, kind) => shapeOf(
    `[${tag !== '' && tag !== kind ? `${tag}] [` : ''}${kind}] {`, keysOf(value, look.showHidden));

const unknownItems = (look) => [look.paint('<items unknown>', 'special')];

const objectShape = (look, value, names) => {
    const keys = keysOf(value, look.showHidden);
    const prefix = names.constructor === 'Object' && names.tag === '' ? ''
        : names.constructor === null && names.tag === 'Module' ? '[Module: null prototype] '
            : prefixOf(names, 'Object');
    return keys.length === 0 ? `${prefix}{}` : shapeOf(`${prefix}{`, keys);
};

const shapes = {
    Array: arrayShape,
    Set: collectionShape('Set', setSize, (look, ...what) => look.members(...what)),
    Map: collectionShape('Map', mapSize, (look, ...what) => look.pairs(...what)),
    'Map Iterator': iteratorShape,
    'Set Iterator': iteratorShape,
    Builtin: functionShape,
    Function: functionShape,
    GeneratorFunction: functionShape,
    AsyncFunction: functionShape,
    AsyncGeneratorFunction: functionShape,
    RegExp: regExpShape,
    Date: dateShape,
    Error: errorShape,
    ArrayBuffer: bufferShape('ArrayBuffer'),
    SharedArrayBuffer: bufferShape('SharedArrayBuffer'),
    DataView: (look, value, names) => shapeOf(`${prefixOf(names, 'DataView')}{`,
        ['byteLength', 'byteOffset', 'buffer', ...keysOf(value, look.showHidden)]),
    Promise: namedShape('Promise', (look, value, level) => [look.promise(value, level)]),
    WeakSet: namedShape('WeakSet', unknownItems),
    WeakMap: namedShape('WeakMap', unknownItems),
    WeakRef: namedShape('WeakRef', (look) => [look.paint('<ref>', 'special')]),
    Arguments: (look, value) => {
        const keys = keysOf(value, look.showHidden);
        return keys.length === 0 ? '[Arguments] {}' : shapeOf('[Arguments] {', keys);
    },
    Number: boxShape('Number'),
    String: boxShape('String'),
    Boolean: boxShape('Boolean'),
    BigInt: boxShape('BigInt'),
    Symbol: boxShape('Symbol'),
};

const shapeFor = (kind) => shapes[kind] ?? (isTypedArrayKind(kind) ? typedArrayShape : objectShape);

// --- one look at one value ----------------------------------------------------------------------

class Look {
    constructor(options) {
        Object.assign(this, defaults, options);
        this.depth = this.depth ?? Infinity;
        this.breakLength = this.breakLength ?? Infinity;
        this.maxArrayLength = Math.max(0, this.maxArrayLength ?? Infinity);
        this.maxStringLength = Math.max(0, this.maxStringLength ?? Infinity);
        this.indentation = 0;
        this.deepest = 0; // level of the innermost object laid out last
        this.open = []; // objects being looked at, outermost first
        this.circular = undefined; // object -> number, for those met inside themselves
        this.written = 0;
    }

    paint(text, style) {
        const codes = this.colors ? paints[style] : undefined;
        return codes === undefined ? text : `\x1b[${codes[0]}m${text}\x1b[${codes[1]}m`;
    }

    uncoloured(show) {
        const { colors } = this;
        this.colors = false;
        try {
            return show();
        } finally {
            this.colors = colors;
        }
    }

    newLine() {
        return `\n${' '.repeat(this.indentation)}`;
    }

    indented(columns, show) {
        this.indentation += columns;
        try {
            return show();
        } finally {
            this.indentation -= columns;
        }
    }

    value(value, level, insideView = false) {
        if (value === null || (typeof value !== 'object' && typeof value !== 'function'))
            return this.primitive(value);
        const mark = this.open.length;
        const { indentation } = this;
        try {
            return this.object(value, level, insideView);
        } catch (error) {
            this.open.length = mark;
            this.indentation = indentation;
            const note = `[${kindOf(value)}: looking at it threw: ${messageOf(error)}]`;
            return this.paint(note, 'special');
        }
    }

    object(value, level, insideView) {
        const given = value;
        if (kindOf(value) === 'Proxy') {
            if (isRevoked(value))
                return this.paint('<Revoked Proxy>', 'special');
            value = lookThrough(value);
            if (this.showProxy)
                return `Proxy [ ${this.value(value, level + 1)} ]`;
        }
        const custom = this.customInspect ? this.custom(value, given, level) : undefined;
        if (custom !== undefined)
            return custom;
        if (this.open.includes(value))
            return this.reference(value);
        return this.laidOut(value, level, insideView);
    }

    // What the object says of itself; undefined when it says nothing.
    custom(value, given, level) {
        let method;
        for (const symbol of customs)
            method ??= value[symbol];
        // A prototype has the method of its class but not what it needs.
        const isPrototype = () => value.constructor.prototype === value;
        if (typeof method !== 'function' || attempt(isPrototype, false))
            return undefined;
        const text = method.call(given, this.depth - level, this.options(), inspect);
        if (text === given)
            return undefined;
        return typeof text === 'string' ? text.replaceAll('\n', this.newLine())
            : this.value(text, level);
    }

    options() {
        const options = {};
        for (const name of Object.keys(defaults))
            options[name] = this[name];
        options.stylize = (text, style) => this.paint(`${text}`, style);
        return options;
    }

    reference(value) {
        this.circular ??= new Map();
        if (!this.circular.has(value))
            this.circular.set(value, this.circular.size + 1);
        return this.paint(`[Circular *${this.circular.get(value)}]`, 'special');
    }

    laidOut(value, level, insideView) {
        const kind = kindOf(value);
        const names = { constructor: constructorName(value), tag: tagOf(value, this.showHidden) };
        const shape = shapeFor(kind)(this, value, names, kind, insideView);
        if (typeof shape === 'string')
            return shape;
        if (level > this.depth || this.written > TEXT_MAX)
            return this.paint(this.tooDeep(names, kind), 'special');
        this.deepest = level + 1;
        this.open.push(value);
        const output = shape.entries(level + 1);
        for (const key of shape.keys)
            output.push(this.property(value, level + 1, key, shape.list));
        this.open.pop();
        this.addReference(shape, value);
        if (this.sorted && !shape.list)
            output.sort();
        const text = this.fit(output, shape, level + 1, value);
        this.written += text.length;
        return text;
    }

    tooDeep(names, kind) {
        const title = prefixOf(names, kind === 'Builtin' ? 'Function' : kind).slice(0, -1);
        return names.constructor === null ? title : `[${title}]`;
    }

    addReference(shape, value) {
        const number = this.circular?.get(value);
        if (number === undefined)
            return;
        const text = this.paint(`<ref *${number}>`, 'special');
        shape.base = shape.base === '' ? text : `${text} ${shape.base}`;
    }

    // One line when it is short and shallow, else one line an entry; long lists in columns.
    fit(output, { open, close, base, list }, level, value) {
        const before = base === '' ? '' : `${base} `;
        const entries = output.length;
        if (typeof this.compact === 'number' && this.compact >= 1) {
            if (list && entries > 6)
                output = this.columns(output, value);
            if (this.deepest - level < this.compact && entries === output.length) {
                const start = output.length + this.indentation + open.length + base.length + 10;
                const line = this.fitsLine(output, start, base) ? output.join(', ') : '\n';
                if (!line.includes('\n'))
                    return `${before}${open} ${line} ${close}`;
            }
        }
        const next = this.newLine();
        return `${before}${open}${next}  ${output.join(`,${next}  `)}${next}${close}`;
    }

    fitsLine(output, start, base) {
        let total = output.length + start;
        for (const entry of output)
            total += this.colors ? widthOf(entry) : entry.length;
        return total <= this.breakLength && output.length * 2 + start <= this.breakLength &&
            !base.includes('\n');
    }

    // Lays short entries of a list out in columns, as square as letters allow.
    columns(output, value) {
        const more = this.maxArrayLength < output.length ? 1 : 0; // "... n more items" stands alone
        const count = output.length - more;
        const widths = output.slice(0, count).map(widthOf);
        const total = widths.reduce((sum, width) => sum + width + 2, 0);
        const widest = widths.reduce((most, width) => Math.max(most, width), 0) + 2;
        if (widest * 3 + this.indentation >= this.breakLength ||
                (total / widest <= 5 && widest > 8))
            return output;
        const bias = Math.max(widest - 3 - Math.sqrt(widest - total / output.length), 1);
        const columns = Math.min(Math.round(Math.sqrt(2.5 * bias * count) / bias),
            Math.floor((this.breakLength - this.indentation) / widest), this.compact * 4, 15);
        if (columns <= 1)
            return output;
        return [...this.rows(output, widths, columns, this.isNumeric(value, output.length)),
            ...output.slice(count)];
    }

    isNumeric(value, length) {
        if (value === undefined)
            return false;
        for (let i = 0; i < length; i++)
            if (typeof value[i] !== 'number' && typeof value[i] !== 'bigint')
                return false;
        return true;
    }

    rows(output, widths, columns, rightAligned) {
        const columnWidths = [];
        for (let i = 0; i < columns; i++) {
            let width = 0;
            for (let j = i; j < widths.length; j += columns)
                width = Math.max(width, widths[j]);
            columnWidths.push(width + 2);
        }
        const rows = [];
        for (let i = 0; i < widths.length; i += columns) {
            const end = Math.min(i + columns, widths.length);
            let row = '';
            for (let j = i; j < end; j++) {
                const last = j === end - 1;
                const text = last ? output[j] : `${output[j]}, `;
                const room = columnWidths[j - i] - (last ? 2 : 0);
                const space = ' '.repeat(Math.max(0, room - widths[j] - (last ? 0 : 2)));
                row += rightAligned ? space + text : last ? text : text + space;
            }
            rows.push(row);
        }
        return rows;
    }

    primitive(value) {
        switch (typeof value) {
        case 'string': return this.string(value);
        case 'number': return this.paint(numberText(value), 'number');
        case 'bigint': return this.paint(`${value}n`, 'bigint');
        case 'symbol': return this.paint(symbolText(value), 'symbol');
        case 'object': return this.paint('null', 'null');
        default: return this.paint(`${value}`, typeof value);
        }
    }

    string(text) {
        let more = '';
        if (text.length > this.maxStringLength) {
            more = `... ${plural(text.length - this.maxStringLength, 'more character')}`;
            text = text.slice(0, this.maxStringLength);
        }
        if (text.length <= 16 || text.length <= this.breakLength - this.indentation - 4)
            return this.paint(quote(text), 'string') + more;
        const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [text];
        return lines.map((line) => this.paint(quote(line), 'string'))
            .join(` +${this.newLine()}  `) + more;
    }

    property(object, level, key, list) {
        const descriptor = getOwnPropertyDescriptor(object, key) ??
            { value: object[key], enumerable: true };
        const text = this.propertyValue(object, descriptor, level);
        return `${this.keyText(key, descriptor)}: ${text}`;
    }

    keyText(key, { enumerable }) {
        if (typeof key === 'symbol')
            return `[${this.paint(symbolText(key).replace(unsafeAll, escapeCharacter), 'symbol')}]`;
        if (key === '__proto__')
            return "['__proto__']";
        if (!enumerable)
            return `[${key.replace(unsafeAll, escapeCharacter)}]`;
        return /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key) ? key : this.paint(quote(key), 'string');
    }

    propertyValue(object, descriptor, level) {
        if (descriptor.get === undefined && descriptor.set === undefined)
            return this.indented(2, () => this.value(descriptor.value, level));
        if (descriptor.get === undefined)
            return this.paint('[Setter]', 'special');
        const label = descriptor.set === undefined ? 'Getter' : 'Getter/Setter';
        if (!this.getters)
            return this.paint(`[${label}]`, 'special');
        try {
            const value = descriptor.get.call(object);
            const text = this.indented(2, () => this.value(value, level));
            return value !== null && typeof value === 'object' ? `[${label}] ${text}`
                : `[${label}: ${text}]`;
        } catch (error) {
            return this.paint(`[${label}: <Inspection threw (${messageOf(error)})>]`, 'special');
        }
    }

    more(count, noun = 'more item') {
        return `... ${plural(count, noun)}`;
    }

    items(array, level) {
        const shown = Math.min(this.maxArrayLength, array.length);
        const output = [];
        for (let i = 0; i < shown; i++) {
            if (!hasOwn(array, i))
                return this.sparseItems(array, level, shown, output, i);
            output.push(this.item(array, i, level));
        }
        if (array.length > shown)
            output.push(this.more(array.length - shown));
        return output;
    }

    item(array, index, level) {
        return this.propertyValue(array, getOwnPropertyDescriptor(array, index), level);
    }

    // A run of holes counts as one entry.
    sparseItems(array, level, shown, output, next) {
        const hole = (count) => this.paint(`<${plural(count, 'empty item')}>`, 'undefined');
        for (const key of Object.keys(array)) {
            if (output.length >= shown || !isIndex(key))
                break;
            if (+key < next)
                continue;
            if (+key > next)
                output.push(hole(+key - next));
            next = +key;
            if (output.length >= shown)
                break;
            output.push(this.item(array, next++, level));
        }
        const left = array.length - next;
        if (left > 0)
            output.push(output.length >= shown ? this.more(left) : hole(left));
        return output;
    }

    numbers(array, length, level) {
        const shown = Math.min(this.maxArrayLength, length);
        const output = [];
        for (let i = 0; i < shown; i++)
            output.push(this.primitive(array[i]));
        if (length > shown)
            output.push(this.more(length - shown));
        if (this.showHidden)
            for (const key of ['BYTES_PER_ELEMENT', 'length', 'byteLength', 'byteOffset', 'buffer'])
                output.push(`[${key}]: ` +
                    this.indented(2, () => this.value(array[key], level, true)));
        return output;
    }

    members(set, size, level) {
        const shown = Math.min(this.maxArrayLength, size);
        const output = [];
        this.indented(2, () => {
            for (const member of setValues(set)) {
                if (output.length >= shown)
                    break;
                output.push(this.value(member, level));
            }
        });
        if (size > shown)
            output.push(this.more(size - shown));
        return output;
    }

    pairs(map, size, level) {
        const shown = Math.min(this.maxArrayLength, size);
        const output = [];
        this.indented(2, () => {
            for (const { 0: key, 1: value } of mapEntries(map)) {
                if (output.length >= shown)
                    break;
                output.push(`${this.value(key, level)} => ${this.value(value, level)}`);
            }
        });
        if (size > shown)
            output.push(this.more(size - shown));
        return output;
    }

    bytes(buffer) {
        const shown = Math.min(this.maxArrayLength, buffer.byteLength);
        const left = buffer.byteLength - shown;
        const hex = Array.from(new Uint8Array(buffer, 0, shown),
            (byte) => byte.toString(16).padStart(2, '0'));
        const more = left > 0 ? ` ${this.more(left, 'more byte')}` : '';
        return `${this.paint('[Uint8Contents]', 'special')}: <${hex.join(' ')}${more}>`;
    }

    promise(promise, level) {
        const state = promiseState(promise);
        if (state === 'pending')
            return this.paint('<pending>', 'special');
        const text = this.indented(2, () => this.value(promiseResult(promise), level));
        return state === 'rejected' ? `${this.paint('<rejected>', 'special')} ${text}` : text;
    }
}

/** `value` as text. Options as in Node's util.inspect: depth, compact, breakLength, colors, ... */
export const inspect = (value, options) => new Look(options).value(value, 0);
inspect.custom = customs[0];

// --- format -------------------------------------------------------------------------------------

// True for an object whose toString() is the language's own, so that a look at it says more.
const hasBuiltinToString = (value) => attempt(() => {
    let object = lookThrough(value);
    if (typeof object.toString !== 'function' && typeof object[Symbol.toPrimitive] !== 'function')
        return true;
    while (!hasOwn(object, 'toString') && !hasOwn(object, Symbol.toPrimitive))
        object = getPrototypeOf(object);
    const maker = getOwnPropertyDescriptor(object, 'constructor')?.value;
    return object !== value && builtins.has(maker?.name);
}, true);

const asString = (value, options) => {
    switch (typeof value) {
    case 'number': return numberText(value);
    case 'bigint': return `${value}n`;
    case 'symbol': return symbolText(value);
    case 'object':
        if (value !== null && hasBuiltinToString(value))
            return inspect(value, { ...options, compact: 3, colors: false, depth: 0 });
    }
    return attempt(() => `${value}`, '') || (value === '' ? '' : inspect(value, options));
};

const asNumber = (convert) => (value) => {
    if (typeof value === 'bigint')
        return `${value}n`;
    return typeof value === 'symbol' ? 'NaN' : numberText(attempt(() => convert(value), NaN));
};

const asJson = (value) => {
    try {
        return `${JSON.stringify(value)}`;
    } catch (error) {
        const circular = error instanceof TypeError && messageOf(error).includes('circular');
        return circular ? '[Circular]' : `[JSON: ${messageOf(error)}]`;
    }
};

const placeholders = {
    s: asString,
    d: asNumber(Number),
    i: asNumber(Number.parseInt),
    f: asNumber(Number.parseFloat),
    j: asJson,
    O: inspect,
    o: (value, options) =>
        inspect(value, { ...options, showHidden: true, showProxy: true, depth: 4 }),
    c: () => '',
};

/** As console.log writes its arguments, without the line's end; `options` are those of inspect. */
export const formatWithOptions = (options, ...args) => {
    const [first] = args;
    let next = 0;
    let text = '';
    if (typeof first === 'string') {
        next = 1;
        text = args.length === 1 ? first : first.replace(/%[sdifjOoc%]/g, (mark) => {
            if (mark === '%%')
                return '%';
            return next < args.length ? placeholders[mark[1]](args[next++], options) : mark;
        });
    }
    for (; next < args.length; next++) {
        const part = typeof args[next] === 'string' ? args[next] : inspect(args[next], options);
        text += next === 0 ? part : ` ${part}`;
    }
    return text;
};

export const format = (...args) => formatWithOptions(undefined, ...args);

inspect.format = format;
