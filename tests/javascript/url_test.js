// URL and URLSearchParams against tests/vectors/url.json.
import vectors from '../vectors/url.json';
import { alike, finish, same, test, throws } from './check.js';

const components = [
    'href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname',
    'search', 'hash',
];

const parse = ({ input, base }) => {
    try {
        return base === undefined ? new URL(input) : new URL(input, base);
    } catch (error) {
        same(error.name, 'TypeError', input);
        same(error.code, 'ERR_INVALID_URL', input);
        return null;
    }
};

test('a URL is parsed as the standard says', () => {
    for (const row of vectors.parse) {
        const url = parse(row);
        alike(url && components.map((name) => url[name]), row.want, `${row.input} on ${row.base}`);
        same(URL.canParse(row.input, row.base), row.want !== null, `canParse ${row.input}`);
    }
});

test('parsing what was written gives the same again', () => {
    for (const { want } of vectors.parse)
        if (want !== null)
            same(new URL(want[0]).href, want[0]);
});

test('a component can be set, and a wrong one is ignored', () => {
    for (const { href, name, value, want } of vectors.set) {
        const url = new URL(href);
        url[name] = value;
        same(url.href, want, `${href}: ${name} = ${value}`);
    }
});

test('setting href to what is no URL throws and changes nothing', () => {
    const url = new URL('http://a/');
    throws(() => { url.href = 'x'; }, 'TypeError', 'Invalid URL: x');
    same(url.href, 'http://a/');
});

test('a form text is read and written', () => {
    for (const { input, pairs, text } of vectors.form) {
        const params = new URLSearchParams(input);
        alike([...params], pairs, input);
        same(`${params}`, text, input);
    }
});

test('searchParams and search follow each other', () => {
    const url = new URL('http://a/?x=1&y=2');
    const params = url.searchParams;
    params.append('z', 'a b');
    same(url.href, 'http://a/?x=1&y=2&z=a+b');
    params.delete('x');
    params.delete('y', '3');
    params.set('z', '&');
    same(url.search, '?y=2&z=%26');
    url.search = '?q=1';
    alike([...params], [['q', '1']]);
    params.delete('q');
    same(url.href, 'http://a/');
    url.href = 'http://b/?w=9';
    same(params.get('w'), '9');
    same(url.searchParams, params);
});

test('URLSearchParams has the methods of the standard', () => {
    const params = new URLSearchParams([['b', '1'], ['a', '2'], ['b', '3']]);
    same(params.size, 3);
    same(params.get('b'), '1');
    same(params.get('none'), null);
    alike(params.getAll('b'), ['1', '3']);
    same(params.has('a', '2'), true);
    same(params.has('a', '3'), false);
    params.sort();
    alike([...params.keys()], ['a', 'b', 'b']);
    alike([...params.values()], ['2', '1', '3']);
    params.set('b', 'only');
    same(`${params}`, 'a=2&b=only');
    same(`${new URLSearchParams({ x: 1, y: 'ü' })}`, 'x=1&y=%C3%BC');
    same(`${new URLSearchParams(params)}`, 'a=2&b=only');
    const seen = [];
    params.forEach((value, name) => seen.push(`${name}:${value}`));
    same(seen.join(), 'a:2,b:only');
    throws(() => new URLSearchParams([['a']]), 'TypeError', 'pair');
    throws(() => params.append('a'), 'TypeError', 'missing');
});

test('a lone surrogate becomes U+FFFD', () => {
    same(new URL('http://a/\ud800?\udc00#\ud800').href, 'http://a/%EF%BF%BD?%EF%BF%BD#%EF%BF%BD');
    same(`${new URLSearchParams({ a: '\ud800' })}`, 'a=%EF%BF%BD');
});

test('toString, toJSON and String give the href', () => {
    const url = new URL('http://a/b');
    same(JSON.stringify({ url }), '{"url":"http://a/b"}');
    same(`${url}`, url.href);
    same(Object.prototype.toString.call(url), '[object URL]');
});

await finish();
