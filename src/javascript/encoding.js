// encoding.js - TextEncoder, TextDecoder, atob and btoa, over the conversions of native_platform.c.
import {
    decodeLatin1, decodeUtf16, decodeUtf8, encodeUtf8, fromBase64, toBase64, utf8Rest,
} from 'pinstripe:native/platform';
import { DOMException } from 'pinstripe:events';
import { isTypedArrayKind, kindOf } from 'pinstripe:kind';

const bytesOf = (input) => {
    const kind = kindOf(input);
    if (kind === 'ArrayBuffer' || kind === 'SharedArrayBuffer')
        return new Uint8Array(input);
    if (kind === 'DataView' || isTypedArrayKind(kind))
        return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    throw new TypeError('The bytes are expected in an ArrayBuffer, a typed array or a DataView');
};

const joined = (first, second) => {
    if (first.length === 0)
        return second;
    const all = new Uint8Array(first.length + second.length);
    all.set(first);
    all.set(second, first.length);
    return all;
};

export class TextEncoder {
    get encoding() {
        return 'utf-8';
    }

    encode(text = '') {
        return encodeUtf8(`${text}`);
    }

    // Whole characters only: `read` counts UTF-16 units of the text, `written` bytes.
    encodeInto(text, target) {
        if (kindOf(target) !== 'Uint8Array')
            throw new TypeError('encodeInto(text, target) writes into a Uint8Array');
        let read = 0;
        let written = 0;
        for (const character of `${text}`.slice(0, target.length)) {
            const bytes = encodeUtf8(character);
            if (written + bytes.length > target.length)
                break;
            target.set(bytes, written);
            written += bytes.length;
            read += character.length;
        }
        return { read, written };
    }
}

const codecs = {
    'utf-8': { decode: decodeUtf8, rest: utf8Rest },
    'utf-16le': {
        decode: decodeUtf16,
        // An odd byte, and the first half of a pair whose second half is still to come.
        rest(bytes) {
            const odd = bytes.length % 2;
            const end = bytes.length - odd;
            return odd + (end > 0 && (bytes[end - 1] & 0xfc) === 0xd8 ? 2 : 0);
        },
    },
    'windows-1252': { decode: decodeLatin1, rest: () => 0 },
};

const labels = {
    'utf-8': [
        'utf-8', 'utf8', 'unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'x-unicode20utf8',
    ],
    'utf-16le': [
        'utf-16le', 'utf-16', 'ucs-2', 'unicode', 'iso-10646-ucs-2', 'csunicode', 'unicodefeff',
    ],
    'windows-1252': [
        'windows-1252', 'latin1', 'ascii', 'us-ascii', 'iso-8859-1', 'iso8859-1', 'iso88591', 'l1',
        'cp1252', 'cp819', 'x-cp1252', 'ibm819', 'csisolatin1', 'ansi_x3.4-1968', 'iso-ir-100',
        'iso_8859-1', 'iso_8859-1:1987',
    ],
};

const encodingOf = (label) => {
    const wanted = `${label}`.trim().toLowerCase();
    const name = Object.keys(labels).find((encoding) => labels[encoding].includes(wanted));
    if (name === undefined)
        throw new RangeError(`The encoding "${label}" is not supported: ` +
            'there are utf-8, utf-16le and latin1');
    return name;
};

const nothing = new Uint8Array(0);

export class TextDecoder {
    #encoding;
    #fatal;
    #ignoreBOM;
    #held = nothing; // the beginning of a character that the next part will end
    #begun = false; // the place for a byte order mark is past

    constructor(label = 'utf-8', options = {}) {
        this.#encoding = encodingOf(label);
        this.#fatal = !!options?.fatal;
        this.#ignoreBOM = !!options?.ignoreBOM;
    }

    get encoding() {
        return this.#encoding;
    }

    get fatal() {
        return this.#fatal;
    }

    get ignoreBOM() {
        return this.#ignoreBOM;
    }

    decode(input, options = {}) {
        const stream = !!options?.stream;
        const { decode, rest } = codecs[this.#encoding];
        let bytes = joined(this.#held, input === undefined ? nothing : bytesOf(input));
        const held = stream ? rest(bytes) : 0;
        this.#held = held > 0 ? bytes.slice(bytes.length - held) : nothing;
        bytes = held > 0 ? bytes.subarray(0, bytes.length - held) : bytes;
        const odd = this.#encoding === 'utf-16le' && bytes.length % 2 === 1;
        const text = odd && this.#fatal ? null : decode(bytes, this.#fatal);
        if (text === null) {
            this.#held = nothing;
            this.#begun = false;
            throw new TypeError(`The encoded data was not valid for encoding ${this.#encoding}`);
        }
        // Half a pair and half a unit at the end are one mistake.
        const cut = odd && (bytes[bytes.length - 2] & 0xfc) !== 0xd8;
        return this.#withoutMark(cut ? `${text}\ufffd` : text, stream);
    }

    #withoutMark(text, stream) {
        const drop = !this.#begun && !this.#ignoreBOM && this.#encoding !== 'windows-1252' &&
            text.charCodeAt(0) === 0xfeff;
        this.#begun = stream && (this.#begun || text !== '');
        return drop ? text.slice(1) : text;
    }

    [Symbol.for('pinstripe.inspect')](depth, options, inspect) {
        const { encoding, fatal, ignoreBOM } = this;
        return `TextDecoder ${inspect({ encoding, fatal, ignoreBOM }, options)}`;
    }
}

for (const type of [TextEncoder, TextDecoder])
    Object.defineProperty(type.prototype, Symbol.toStringTag,
        { value: type.name, configurable: true });

export function btoa(text) {
    if (arguments.length === 0)
        throw new TypeError('btoa(text) needs the text');
    const result = toBase64(`${text}`);
    if (result === null)
        throw new DOMException('btoa: a character of the text is beyond U+00FF',
            'InvalidCharacterError');
    return result;
}

export function atob(text) {
    if (arguments.length === 0)
        throw new TypeError('atob(text) needs the text');
    const result = fromBase64(`${text}`);
    if (result === null)
        throw new DOMException('The string to be decoded is not correctly encoded.',
            'InvalidCharacterError');
    return result;
}
