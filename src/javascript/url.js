// url.js - URL and URLSearchParams by the URL standard (url.spec.whatwg.org), whose names of states
// and sets are used here.
//
// A URL is parsed piece by piece (scheme, authority, path, query, fragment) instead of character by
// character; the results are the standard's. Host names beyond ASCII are lower-cased, brought into
// Unicode's form KC and written in punycode; the standard's tables of forbidden and replaced
// letters (UTS 46) are not here, so a few names that a browser refuses are accepted.
import { decodeUtf8, encodeUtf8 } from 'pinstripe:native/platform';

const defaultPorts = {
    'http:': 80, 'https:': 443, 'ws:': 80, 'wss:': 443, 'ftp:': 21, 'file:': null,
};

const isSpecial = (scheme) => Object.hasOwn(defaultPorts, scheme);

// --- percent encoding ---------------------------------------------------------------------------

const sets = { // what must be encoded, as the standard names the sets
    c0: /[^\x20-\x7e]/gu,
    fragment: /[^\x21\x23-\x3b\x3d\x3f-\x5f\x61-\x7e]/gu,
    query: /[^\x21\x24-\x3b\x3d\x3f-\x7e]/gu,
    specialQuery: /[^\x21\x24-\x26\x28-\x3b\x3d\x3f-\x7e]/gu,
    path: /[^\x21\x24-\x3b\x3d\x40-\x5f\x61-\x7a\x7c\x7e]/gu,
    userinfo: /[^\x21\x24-\x2e\x30-\x39\x41-\x5a\x5f\x61-\x7a\x7e]/gu,
    form: /[^*\-._0-9A-Za-z]/gu,
};

const hexByte = (byte) => `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`;

const encodeCharacter = (character) => {
    let text = '';
    for (const byte of encodeUtf8(character))
        text += hexByte(byte);
    return text;
};

const encode = (text, set) => text.replace(sets[set], encodeCharacter);

const decode = (text) => {
    if (!text.includes('%'))
        return text;
    const bytes = encodeUtf8(text);
    let length = 0;
    for (let i = 0; i < bytes.length; i++) {
        const hex = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1], bytes[i + 2]) : '';
        const escaped = /^[0-9a-fA-F]{2}$/.test(hex);
        bytes[length++] = escaped ? parseInt(hex, 16) : bytes[i];
        i += escaped ? 2 : 0;
    }
    return decodeUtf8(bytes.subarray(0, length), false);
};

// --- hosts --------------------------------------------------------------------------------------

const DIGIT_BASE = 36;

const adaptBias = (delta, length, first) => {
    let k = 0;
    delta = first ? Math.floor(delta / 700) : delta >> 1;
    for (delta += Math.floor(delta / length); delta > 455; k += DIGIT_BASE)
        delta = Math.floor(delta / 35);
    return k + Math.floor(36 * delta / (delta + 38));
};

const threshold = (k, bias) => Math.min(Math.max(k - bias, 1), 26);
const punycodeDigit = (digit) => String.fromCharCode(digit < 26 ? digit + 97 : digit + 22);

// RFC 3492.
const toPunycode = (label) => {
    const points = Array.from(label, (character) => character.codePointAt(0));
    let text = label.replace(/[^\x00-\x7f]/gu, '');
    const basic = text.length;
    let handled = basic;
    let bias = 72;
    let delta = 0;
    text += basic > 0 ? '-' : '';
    for (let n = 128; handled < points.length; n++, delta++) {
        const next = Math.min(...points.filter((point) => point >= n));
        delta += (next - n) * (handled + 1);
        n = next;
        for (const point of points) {
            delta += point < n ? 1 : 0;
            if (point !== n)
                continue;
            let rest = delta;
            for (let k = DIGIT_BASE; ; k += DIGIT_BASE) {
                const t = threshold(k, bias);
                if (rest < t)
                    break;
                text += punycodeDigit(t + (rest - t) % (DIGIT_BASE - t));
                rest = Math.floor((rest - t) / (DIGIT_BASE - t));
            }
            text += punycodeDigit(rest);
            bias = adaptBias(delta, handled + 1, handled === basic);
            delta = 0;
            handled++;
        }
    }
    return text;
};

// The label that a punycode text (without "xn--") stands for, undefined when it stands for none.
const fromPunycode = (text) => {
    const end = Math.max(text.lastIndexOf('-'), 0);
    const points = Array.from(text.slice(0, end), (character) => character.charCodeAt(0));
    let n = 128;
    let i = 0;
    let bias = 72;
    for (let at = end > 0 ? end + 1 : 0; at < text.length;) {
        const before = i;
        for (let weight = 1, k = DIGIT_BASE; ; k += DIGIT_BASE) {
            const digit = parseInt(text[at++], DIGIT_BASE);
            if (Number.isNaN(digit))
                return undefined;
            const value = (digit + 26) % DIGIT_BASE; // a..z are 0..25, 0..9 are 26..35
            i += value * weight;
            const t = threshold(k, bias);
            if (value < t)
                break;
            weight *= DIGIT_BASE - t;
            if (i > 0x7fffffff || weight > 0x7fffffff)
                return undefined;
        }
        bias = adaptBias(i - before, points.length + 1, before === 0);
        n += Math.floor(i / (points.length + 1));
        i %= points.length + 1;
        if (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff))
            return undefined;
        points.splice(i++, 0, n);
    }
    return String.fromCodePoint(...points);
};

const mapDomain = (domain) => domain.toLowerCase().normalize('NFKC').toLowerCase()
    .replace(/[\u00ad\u034f\u180b-\u180d\u180f\u200b\u2060\u2064\ufe00-\ufe0f\ufeff]/g, '')
    .replace(/[\u3002\uff0e\uff61]/g, '.').normalize('NFC');

const isPlainAscii = (text) => /^[\x00-\x7f]*$/.test(text);

const isRightPunycode = (label) => {
    const decoded = fromPunycode(label.slice(4));
    return decoded !== undefined && !isPlainAscii(decoded) && !/[\x80-\x9f]/.test(decoded) &&
        mapDomain(decoded) === decoded && toPunycode(decoded) === label.slice(4);
};

const domainToAscii = (domain) => {
    const mapped = isPlainAscii(domain) ? domain.toLowerCase() : mapDomain(domain);
    const labels = mapped.split('.').map((label) =>
        isPlainAscii(label) ? label : `xn--${toPunycode(label)}`);
    const right = (label) => !label.startsWith('xn--') || isRightPunycode(label);
    return !mapped.includes('\ufffd') && labels.every(right) ? labels.join('.') : undefined;
};

const forbiddenInDomain = /[\x00-\x20"#%/:<>?@[\\\]^`{|}\x7f]/;
const forbiddenInHost = /[\x00\t\n\r #/:<>?@[\\\]^|]/;

// A part of an IPv4 address; NaN when it is no number.
const parseIpv4Part = (text) => {
    if (text === '')
        return NaN;
    if (/^0[xX]/.test(text))
        return /^0[xX][0-9a-fA-F]*$/.test(text) ? parseInt(`${text}`.slice(2) || '0', 16) : NaN;
    if (text.length > 1 && text[0] === '0')
        return /^[0-7]+$/.test(text) ? parseInt(text, 8) : NaN;
    return /^[0-9]+$/.test(text) ? parseInt(text, 10) : NaN;
};

const splitIpv4 = (host) => {
    const parts = host.split('.');
    if (parts.length > 1 && parts[parts.length - 1] === '')
        parts.pop();
    return parts;
};

const endsInNumber = (host) => {
    const last = splitIpv4(host).pop();
    return /^[0-9]+$/.test(last) || !Number.isNaN(parseIpv4Part(last));
};

const parseIpv4 = (host) => {
    const numbers = splitIpv4(host).map(parseIpv4Part);
    const last = numbers.pop();
    if (numbers.length > 3 || Number.isNaN(last) || numbers.some((number) => !(number <= 255)) ||
            last >= 256 ** (4 - numbers.length))
        return undefined;
    const address = numbers.reduce((sum, number, i) => sum + number * 256 ** (3 - i), last);
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
};

const parseIpv6Pieces = (text) => {
    const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
    if (dotted) {
        const parts = dotted.slice(2);
        if (parts.some((part) => +part > 255 || (part.length > 1 && part[0] === '0')))
            return undefined;
        const [a, b, c, d] = parts.map(Number);
        text = `${dotted[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
    }
    const read = (half) => half === '' ? [] : half.split(':');
    const halves = text.split('::');
    const pieces = halves.map(read);
    const count = pieces.reduce((sum, half) => sum + half.length, 0);
    if (halves.length > 2 || pieces.flat().some((piece) => !/^[0-9a-fA-F]{1,4}$/.test(piece)))
        return undefined;
    if (halves.length === 1 ? count !== 8 : count > 7)
        return undefined;
    const zeros = new Array(halves.length === 1 ? 0 : 8 - count).fill('0');
    return [...pieces[0], ...zeros, ...pieces[1] ?? []].map((piece) => parseInt(piece, 16));
};

const parseIpv6 = (text) => {
    const pieces = parseIpv6Pieces(text);
    if (pieces === undefined)
        return undefined;
    let best = { start: -1, length: 1 }; // the first of the longest runs of zeros
    for (let i = 0; i < 8; i++) {
        let end = i;
        while (end < 8 && pieces[end] === 0)
            end++;
        if (end - i > best.length)
            best = { start: i, length: end - i };
    }
    const hex = (list) => list.map((piece) => piece.toString(16)).join(':');
    return best.start < 0 ? `[${hex(pieces)}]`
        : `[${hex(pieces.slice(0, best.start))}::${hex(pieces.slice(best.start + best.length))}]`;
};

// The host as it is written in a URL, undefined when it is none.
const parseHost = (text, special) => {
    if (text[0] === '[')
        return text.endsWith(']') ? parseIpv6(text.slice(1, -1)) : undefined;
    if (!special)
        return forbiddenInHost.test(text) ? undefined : encode(text, 'c0');
    const domain = domainToAscii(decode(text));
    if (domain === undefined || domain === '' || forbiddenInDomain.test(domain))
        return undefined;
    return endsInNumber(domain) ? parseIpv4(domain) : domain;
};

// --- parsing ------------------------------------------------------------------------------------

const hostWithPort = /^((?:\[[^\]]*\]?|[^:[])*)(?::(.*))?$/s; // a colon in brackets is the host's
const driveLetter = /^[a-zA-Z][:|]$/;
const startsWithDriveLetter = (text) => /^[a-zA-Z][:|]([/\\?#]|$)/.test(text);
const isDot = (segment) => /^(\.|%2e)$/i.test(segment);
const isDotDot = (segment) => /^(\.|%2e)(\.|%2e)$/i.test(segment);

// `path` is a list of segments, or a string when the URL is opaque ("mailto:a@b").
class Address {
    scheme = '';
    username = '';
    password = '';
    host = null;
    port = null;
    path = [];
    query = null;
    fragment = null;

    get special() {
        return isSpecial(this.scheme);
    }

    get opaque() {
        return typeof this.path === 'string';
    }

    get hasCredentials() {
        return this.username !== '' || this.password !== '';
    }

    get hasAuthority() {
        return this.host !== null && this.host !== '' && this.scheme !== 'file:';
    }

    take(other, names) {
        for (const name of names)
            this[name] = name === 'path' && !other.opaque ? [...other.path] : other[name];
    }

    shorten() {
        const { path } = this;
        if (!(this.scheme === 'file:' && path.length === 1 && /^[a-zA-Z]:$/.test(path[0])))
            path.pop();
    }

    // The text from "?" or "#" on.
    readQueryAndFragment(text) {
        const hash = text.indexOf('#');
        if (hash >= 0)
            this.fragment = encode(text.slice(hash + 1), 'fragment');
        const query = hash >= 0 ? text.slice(0, hash) : text;
        if (query !== '')
            this.query = encode(query.slice(1), this.special ? 'specialQuery' : 'query');
    }

    // Appends to the path what a text says, which may begin with a slash.
    readPath(text) {
        const slash = this.special ? /[/\\]/ : /\//;
        if (text === '' && !this.special)
            return;
        const segments = (slash.test(text[0] ?? '') ? text.slice(1) : text).split(slash);
        segments.forEach((segment, i) => this.addSegment(segment, i === segments.length - 1));
    }

    addSegment(segment, last) {
        const dots = isDotDot(segment);
        if (dots)
            this.shorten();
        if (dots || isDot(segment)) {
            if (last)
                this.path.push('');
            return;
        }
        if (this.scheme === 'file:' && this.path.length === 0 && driveLetter.test(segment))
            segment = `${segment[0]}:`;
        this.path.push(encode(segment, 'path'));
    }

    readPathQueryAndFragment(text) {
        const end = text.search(/[?#]/);
        this.readPath(end < 0 ? text : text.slice(0, end));
        if (end >= 0)
            this.readQueryAndFragment(text.slice(end));
        return true;
    }

    // host[:port]; false when it is wrong.
    readHostAndPort(text) {
        const parts = hostWithPort.exec(text);
        if (parts === null || !/^[0-9]*$/.test(parts[2] ?? ''))
            return false;
        if (parts[1] === '' && (this.special || parts[2] !== undefined))
            return false;
        this.host = parts[1] === '' ? '' : parseHost(parts[1], this.special);
        return this.host !== undefined && this.setPort(parts[2] ?? '');
    }

    setPort(digits) {
        const port = digits === '' ? null : Number(digits);
        if (port > 65535)
            return false;
        this.port = port === defaultPorts[this.scheme] ? null : port;
        return true;
    }

    // What follows "//".
    readAuthority(text) {
        const end = text.search(this.special ? /[/\\?#]/ : /[/?#]/);
        const authority = end < 0 ? text : text.slice(0, end);
        const at = authority.lastIndexOf('@');
        if (at >= 0) {
            const [, username, password] = /^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, at));
            this.username = encode(username, 'userinfo');
            this.password = encode(password ?? '', 'userinfo');
            if (at === authority.length - 1)
                return false;
        }
        return this.readHostAndPort(authority.slice(at + 1)) &&
            this.readPathQueryAndFragment(end < 0 ? '' : text.slice(end));
    }

    readRelative(text, base) {
        const slashes = this.special ? /^[/\\][/\\]/ : /^\/\//;
        if (slashes.test(text))
            return this.readAuthority(this.special ? text.replace(/^[/\\]+/, '') : text.slice(2));
        this.take(base, ['username', 'password', 'host', 'port']);
        return (this.special ? /^[/\\]/ : /^\//).test(text) ? this.readPathQueryAndFragment(text)
            : this.readBeside(text, base);
    }

    // A relative path begins where the base's path ends; "", "?q" and "#f" keep it whole.
    readBeside(text, base) {
        this.take(base, ['path']);
        if (text !== '' && !/^[?#]/.test(text)) {
            this.shorten();
            return this.readPathQueryAndFragment(text);
        }
        this.readQueryAndFragment(text);
        if (text === '' || text[0] === '#')
            this.query = base.query;
        return true;
    }

    readFile(text, base) {
        this.host = '';
        if (/^[/\\][/\\]/.test(text))
            return this.readFileHost(text.slice(2));
        if (base?.scheme !== 'file:')
            return this.readPathQueryAndFragment(text);
        this.host = base.host;
        if (!/^[/\\]/.test(text) && !startsWithDriveLetter(text))
            return this.readBeside(text, base);
        if (/^[/\\]/.test(text) && !startsWithDriveLetter(text.slice(1)) &&
                /^[a-zA-Z]:$/.test(base.path[0] ?? ''))
            this.path.push(base.path[0]);
        return this.readPathQueryAndFragment(text);
    }

    readFileHost(text) {
        const end = text.search(/[/\\?#]/);
        const name = end < 0 ? text : text.slice(0, end);
        if (driveLetter.test(name))
            return this.readPathQueryAndFragment(text);
        const host = name === '' ? '' : parseHost(name, true);
        this.host = host === 'localhost' ? '' : host;
        return host !== undefined && this.readPathQueryAndFragment(end < 0 ? '' : text.slice(end));
    }

    readOpaque(text) {
        const end = text.search(/[?#]/);
        this.path = encode(end < 0 ? text : text.slice(0, end), 'c0');
        if (end >= 0)
            this.readQueryAndFragment(text.slice(end));
        return true;
    }

    readAfterScheme(text, base) {
        if (this.scheme === 'file:')
            return this.readFile(text, base);
        if (this.special && base?.scheme === this.scheme && !/^\/\//.test(text))
            return this.readRelative(text, base);
        if (this.special)
            return this.readAuthority(text.replace(/^[/\\]+/, ''));
        if (text.startsWith('//'))
            return this.readAuthority(text.slice(2));
        return text[0] === '/' ? this.readPathQueryAndFragment(text) : this.readOpaque(text);
    }

    readWithoutScheme(text, base) {
        if (base === undefined || (base.opaque && text[0] !== '#'))
            return false;
        this.scheme = base.scheme;
        if (base.opaque) {
            this.take(base, ['path', 'query']);
            this.fragment = encode(text.slice(1), 'fragment');
            return true;
        }
        return this.scheme === 'file:' ? this.readFile(text, base) : this.readRelative(text, base);
    }

    get hostAndPort() {
        return this.port === null ? this.host ?? '' : `${this.host}:${this.port}`;
    }

    get pathname() {
        return this.opaque ? this.path : this.path.map((segment) => `/${segment}`).join('');
    }

    get href() {
        let text = this.scheme;
        if (this.host !== null) {
            text += '//';
            if (this.hasCredentials)
                text += `${this.username}${this.password === '' ? '' : `:${this.password}`}@`;
            text += this.hostAndPort;
        } else if (!this.opaque && this.path.length > 1 && this.path[0] === '') {
            text += '/.';
        }
        text += this.pathname;
        text += this.query === null ? '' : `?${this.query}`;
        return text + (this.fragment === null ? '' : `#${this.fragment}`);
    }
}

const withoutTabs = (text) => text.replace(/[\t\n\r]/g, '');

const parse = (input, base) => {
    const text = withoutTabs(input.toWellFormed().replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, ''));
    const address = new Address();
    const scheme = /^[a-zA-Z][a-zA-Z0-9+\-.]*:/.exec(text)?.[0];
    if (scheme !== undefined)
        address.scheme = scheme.toLowerCase();
    const right = scheme === undefined ? address.readWithoutScheme(text, base)
        : address.readAfterScheme(text.slice(scheme.length), base);
    return right ? address : undefined;
};

const parseWithBase = (url, base) => {
    const parsedBase = base === undefined ? undefined : parse(`${base}`);
    return base !== undefined && parsedBase === undefined ? undefined : parse(`${url}`, parsedBase);
};

// --- URLSearchParams ----------------------------------------------------------------------------

const encodeForm = (text) => encode(text.toWellFormed(), 'form').replaceAll('%20', '+');
const decodeForm = (text) => decode(text.replaceAll('+', ' '));

const parseForm = (text) => text.split('&').filter((pair) => pair !== '').map((pair) => {
    const equals = pair.indexOf('=');
    return equals < 0 ? [decodeForm(pair), '']
        : [decodeForm(pair.slice(0, equals)), decodeForm(pair.slice(equals + 1))];
});

const wellFormed = (value) => `${value}`.toWellFormed();

const pairOf = (pair) => {
    const entry = typeof pair === 'object' && pair !== null ? [...pair] : [];
    if (entry.length !== 2)
        throw new TypeError('new URLSearchParams(list): each entry is a pair of name and value');
    return entry.map(wellFormed);
};

const pairsFrom = (init) => {
    if ((typeof init !== 'object' && typeof init !== 'function') || init === null)
        return parseForm(wellFormed(init).replace(/^\?/, ''));
    if (init[Symbol.iterator] !== undefined && init[Symbol.iterator] !== null)
        return [...init].map(pairOf);
    return Object.keys(init).map((name) => [wellFormed(name), wellFormed(init[name])]);
};

export class URLSearchParams {
    #pairs;
    #changed = () => {}; // tells the URL that these belong to

    constructor(init = '') {
        this.#pairs = pairsFrom(init);
    }

    // Of a URL; used by URL only.
    static of(query, changed) {
        const params = new URLSearchParams();
        params.#pairs = parseForm(query ?? '');
        params.#changed = changed;
        return params;
    }

    static reread(params, query) {
        params.#pairs = parseForm(query ?? '');
    }

    get size() {
        return this.#pairs.length;
    }

    append(name, value) {
        need(arguments, 2, 'append(name, value)');
        this.#pairs.push([wellFormed(name), wellFormed(value)]);
        this.#changed(this.toString());
    }

    delete(name, value) {
        need(arguments, 1, 'delete(name)');
        this.#pairs = this.#pairs.filter((pair) => !matches(pair, wellFormed(name), value));
        this.#changed(this.toString());
    }

    get(name) {
        need(arguments, 1, 'get(name)');
        return this.#pairs.find((pair) => pair[0] === wellFormed(name))?.[1] ?? null;
    }

    getAll(name) {
        need(arguments, 1, 'getAll(name)');
        return this.#pairs.filter((pair) => pair[0] === wellFormed(name)).map((pair) => pair[1]);
    }

    has(name, value) {
        need(arguments, 1, 'has(name)');
        return this.#pairs.some((pair) => matches(pair, wellFormed(name), value));
    }

    set(name, value) {
        need(arguments, 2, 'set(name, value)');
        const wanted = wellFormed(name);
        const first = this.#pairs.find((pair) => pair[0] === wanted);
        if (first === undefined) {
            this.append(name, value);
            return;
        }
        first[1] = wellFormed(value);
        this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== wanted);
        this.#changed(this.toString());
    }

    sort() {
        this.#pairs.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
        this.#changed(this.toString());
    }

    forEach(callback, thisArgument) {
        if (typeof callback !== 'function')
            throw new TypeError('URLSearchParams.forEach(callback) needs a function');
        for (const [name, value] of this)
            callback.call(thisArgument, value, name, this);
    }

    *entries() {
        for (let i = 0; i < this.#pairs.length; i++)
            yield [...this.#pairs[i]];
    }

    *keys() {
        for (const [name] of this)
            yield name;
    }

    *values() {
        for (const [, value] of this)
            yield value;
    }

    [Symbol.iterator]() {
        return this.entries();
    }

    toString() {
        return this.#pairs.map((pair) => pair.map(encodeForm).join('=')).join('&');
    }

    [Symbol.for('pinstripe.inspect')](depth, options, inspect) {
        const pairs = this.#pairs.map((pair) =>
            pair.map((text) => inspect(text, options)).join(' => '));
        return pairs.length === 0 ? 'URLSearchParams {}'
            : `URLSearchParams { ${pairs.join(', ')} }`;
    }
}

const need = (given, count, call) => {
    if (given.length < count)
        throw new TypeError(`URLSearchParams.${call}: an argument is missing`);
};

const matches = ([name, value], wantedName, wantedValue) =>
    name === wantedName && (wantedValue === undefined || value === wellFormed(wantedValue));

const { of: paramsOf, reread } = URLSearchParams;
delete URLSearchParams.of;
delete URLSearchParams.reread;

// --- URL ----------------------------------------------------------------------------------------

const components = [
    'href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname',
    'search', 'searchParams', 'hash',
];

const originSchemes = ['http:', 'https:', 'ws:', 'wss:', 'ftp:'];

export class URL {
    #address;
    #params; // made when first asked for

    constructor(url, base) {
        if (arguments.length === 0)
            throw new TypeError('new URL(url) needs the URL');
        this.#address = parseWithBase(url, base);
        if (this.#address === undefined)
            throw invalid(url, base);
    }

    static canParse(url, base) {
        return parseWithBase(url, base) !== undefined;
    }

    static parse(url, base) {
        return URL.canParse(url, base) ? new URL(url, base) : null;
    }

    get href() {
        return this.#address.href;
    }

    set href(value) {
        const address = parse(`${value}`);
        if (address === undefined)
            throw invalid(value);
        this.#address = address;
        this.#rereadParams();
    }

    get origin() {
        const { scheme, path, hostAndPort } = this.#address;
        if (scheme === 'blob:') {
            const inner = typeof path === 'string' ? parse(path) : undefined;
            return ['http:', 'https:'].includes(inner?.scheme)
                ? `${inner.scheme}//${inner.hostAndPort}` : 'null';
        }
        return originSchemes.includes(scheme) ? `${scheme}//${hostAndPort}` : 'null';
    }

    get protocol() {
        return this.#address.scheme;
    }

    set protocol(value) {
        const address = this.#address;
        const text = withoutTabs(`${value}`);
        const scheme = /^[a-zA-Z][a-zA-Z0-9+\-.]*(?=:|$)/.exec(text)?.[0].toLowerCase();
        if (scheme === undefined || isSpecial(`${scheme}:`) !== address.special)
            return;
        if (scheme === 'file' && (address.hasCredentials || address.port !== null))
            return;
        if (address.scheme === 'file:' && address.host === '')
            return;
        address.scheme = `${scheme}:`;
        address.setPort(address.port === null ? '' : `${address.port}`);
    }

    get username() {
        return this.#address.username;
    }

    set username(value) {
        if (this.#address.hasAuthority)
            this.#address.username = encode(wellFormed(value), 'userinfo');
    }

    get password() {
        return this.#address.password;
    }

    set password(value) {
        if (this.#address.hasAuthority)
            this.#address.password = encode(wellFormed(value), 'userinfo');
    }

    get host() {
        return this.#address.hostAndPort;
    }

    set host(value) {
        this.#setHost(value, true);
    }

    get hostname() {
        return this.#address.host ?? '';
    }

    set hostname(value) {
        this.#setHost(value, false);
    }

    #setHost(value, withPort) {
        const address = this.#address;
        if (address.opaque)
            return;
        const text = withoutTabs(wellFormed(value));
        const end = text.search(address.special ? /[/\\?#]/ : /[/?#]/);
        const [, name, port] = hostWithPort.exec(end < 0 ? text : text.slice(0, end)) ?? [];
        const isFile = address.scheme === 'file:';
        if (name === undefined || (port !== undefined && (name === '' || isFile || !withPort)))
            return;
        if (name === '' && !isFile &&
                (address.special || address.hasCredentials || address.port !== null))
            return;
        let host = name === '' ? '' : parseHost(name, address.special);
        if (host === undefined)
            return;
        if (isFile && host === 'localhost')
            host = '';
        address.host = host;
        if (/^[0-9]/.test(port ?? ''))
            address.setPort(/^[0-9]+/.exec(port)[0]);
    }

    get port() {
        return this.#address.port === null ? '' : `${this.#address.port}`;
    }

    set port(value) {
        const text = withoutTabs(`${value}`);
        const digits = /^[0-9]*/.exec(text)[0];
        if (this.#address.hasAuthority && (digits !== '' || text === ''))
            this.#address.setPort(digits);
    }

    get pathname() {
        return this.#address.pathname;
    }

    set pathname(value) {
        const address = this.#address;
        if (address.opaque)
            return;
        address.path = [];
        address.readPath(withoutTabs(wellFormed(value)).replace(/[?#]/g, encodeCharacter));
        if (address.path.length === 0 && address.host === null)
            address.path.push('');
    }

    get search() {
        return this.#address.query ? `?${this.#address.query}` : '';
    }

    set search(value) {
        const text = withoutTabs(wellFormed(value));
        this.#address.query = text === '' ? null
            : encode(text.replace(/^\?/, ''), this.#address.special ? 'specialQuery' : 'query');
        this.#rereadParams();
    }

    get searchParams() {
        this.#params ??= paramsOf(this.#address.query, (query) => {
            this.#address.query = query === '' ? null : query;
        });
        return this.#params;
    }

    get hash() {
        return this.#address.fragment ? `#${this.#address.fragment}` : '';
    }

    set hash(value) {
        const text = withoutTabs(wellFormed(value));
        this.#address.fragment = text === '' ? null : encode(text.replace(/^#/, ''), 'fragment');
    }

    #rereadParams() {
        if (this.#params !== undefined)
            reread(this.#params, this.#address.query);
    }

    toString() {
        return this.href;
    }

    toJSON() {
        return this.href;
    }

    [Symbol.for('pinstripe.inspect')](depth, options, inspect) {
        if (depth < 0)
            return this;
        const shown = Object.fromEntries(components.map((name) => [name, this[name]]));
        return `URL ${inspect(shown, options)}`;
    }
}

const invalid = (url, base) => {
    const short = (value) => `${value}`.slice(0, 200);
    const relative = base === undefined ? '' : ` (relative to ${short(base)})`;
    const error = new TypeError(`Invalid URL: ${short(url)}${relative}`);
    const details = base === undefined ? {} : { base: `${base}` };
    return Object.assign(error, { code: 'ERR_INVALID_URL', input: `${url}`, ...details });
};

for (const type of [URL, URLSearchParams])
    Object.defineProperty(type.prototype, Symbol.toStringTag,
        { value: type.name, configurable: true });
