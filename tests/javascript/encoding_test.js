// TextEncoder, TextDecoder, atob and btoa.
import { alike, finish, same, test, throws } from './check.js';

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
const bytes = (text) =>
    new Uint8Array(text === '' ? [] : text.split(' ').map((pair) => parseInt(pair, 16)));
const decode = (text, label, options) => new TextDecoder(label, options).decode(bytes(text));

test('text becomes UTF-8', () => {
    const rows = [
        ['', ''], ['abc', '61 62 63'], ['é', 'c3 a9'], ['€', 'e2 82 ac'],
        ['😀', 'f0 9f 98 80'], ['\0', '00'], ['\ud800', 'ef bf bd'],
        ['a\udc00b', '61 ef bf bd 62'], ['\ud83d\ud83d\ude00', 'ef bf bd f0 9f 98 80'],
        ['\ufeff', 'ef bb bf'], ['\u2028', 'e2 80 a8'], ['\ud7ff\ue000', 'ed 9f bf ee 80 80'],
    ];
    for (const [text, want] of rows)
        same(hex(new TextEncoder().encode(text)), want, text);
    same(hex(new TextEncoder().encode()), '');
    same(new TextEncoder().encoding, 'utf-8');
});

test('encodeInto writes whole characters only', () => {
    const target = new Uint8Array(5);
    alike(new TextEncoder().encodeInto('a€😀', target), { read: 2, written: 4 });
    same(hex(target), '61 e2 82 ac 00');
    alike(new TextEncoder().encodeInto('€', target.subarray(3)), { read: 0, written: 0 });
    throws(() => new TextEncoder().encodeInto('x', []), 'TypeError');
});

test('UTF-8 becomes text, each wrong part one U+FFFD', () => {
    const rows = [
        ['61 62', 'ab'], ['c3 a9', 'é'], ['f0 9f 98 80', '😀'], ['00', '\0'],
        ['ef bb bf 61', 'a'], ['61 ef bb bf', 'a\ufeff'], ['ff', '\ufffd'],
        ['c0 80', '\ufffd\ufffd'], ['e2 82', '\ufffd'], ['e2 82 61', '\ufffda'],
        ['e2 28 a1', '\ufffd(\ufffd'], ['ed a0 80', '\ufffd\ufffd\ufffd'],
        ['f0 9f 98', '\ufffd'], ['f0 90 28 bc', '\ufffd(\ufffd'],
        ['f4 90 80 80', '\ufffd\ufffd\ufffd\ufffd'],
        ['f8 88 80 80 80', '\ufffd\ufffd\ufffd\ufffd\ufffd'], ['80', '\ufffd'],
        ['61 c3', 'a\ufffd'], ['e0 9f 80', '\ufffd\ufffd\ufffd'],
        ['f0 8f 80 80', '\ufffd\ufffd\ufffd\ufffd'], ['c3 c3 a9', '\ufffdé'],
    ];
    for (const [input, want] of rows)
        same(decode(input), want, input);
});

test('a fatal decoder throws at what is wrong', () => {
    for (const wrong of ['ff', 'e2 82', 'c0 80', 'ed a0 80'])
        throws(() => decode(wrong, 'utf-8', { fatal: true }), 'TypeError',
            'not valid for encoding utf-8');
    same(decode('c3 a9', 'utf-8', { fatal: true }), 'é');
    throws(() => decode('00 d8', 'utf-16le', { fatal: true }), 'TypeError');
    throws(() => decode('61', 'utf-16le', { fatal: true }), 'TypeError');
});

test('the byte order mark stays when it is asked for', () => {
    same(decode('ef bb bf 61', 'utf-8', { ignoreBOM: true }), '\ufeffa');
    same(decode('ff fe 61 00', 'utf-16le'), 'a');
    same(decode('ff fe 61 00', 'utf-16le', { ignoreBOM: true }), '\ufeffa');
});

test('a text may come in pieces, cut anywhere', () => {
    const whole = new TextEncoder().encode('\ufeffaé€😀\ufeffz');
    for (let size = 1; size < whole.length; size++) {
        const decoder = new TextDecoder();
        let text = '';
        for (let i = 0; i < whole.length; i += size)
            text += decoder.decode(whole.subarray(i, i + size), { stream: true });
        same(text + decoder.decode(), 'aé€😀\ufeffz', `in pieces of ${size}`);
    }
    const utf16 = new Uint8Array([0xff, 0xfe, 0x61, 0, 0x3d, 0xd8, 0, 0xde]);
    const decoder = new TextDecoder('utf-16le');
    let text = '';
    for (const byte of utf16)
        text += decoder.decode(new Uint8Array([byte]), { stream: true });
    same(text + decoder.decode(), 'a😀');
    const cut = new TextDecoder();
    same(cut.decode(bytes('e2 82'), { stream: true }), '');
    same(cut.decode(), '\ufffd');
    same(cut.decode(bytes('61')), 'a');
});

test('utf-16le and latin1 are known, other encodings are refused', () => {
    same(decode('61 00 3d d8 00 de', 'utf-16le'), 'a😀');
    same(decode('00 d8 61 00', 'utf-16'), '\ufffda');
    same(decode('61', 'utf-16le'), '\ufffd');
    same(decode('00 d8 61', 'utf-16le'), '\ufffd');
    same(decode('e9 80 9f', 'latin1'), 'é€Ÿ');
    same(new TextDecoder('latin1').encoding, 'windows-1252');
    same(new TextDecoder(' UTF8 ').encoding, 'utf-8');
    throws(() => new TextDecoder('klingon'), 'RangeError', '"klingon" is not supported');
});

test('bytes may come in any view', () => {
    const buffer = bytes('78 61 62 78').buffer;
    same(new TextDecoder().decode(buffer), 'xabx');
    same(new TextDecoder().decode(new DataView(buffer, 1, 2)), 'ab');
    same(new TextDecoder().decode(new Uint16Array(buffer, 2)), 'bx');
    throws(() => new TextDecoder().decode('ab'), 'TypeError');
});

test('btoa and atob', () => {
    for (const text of ['', 'a', 'ab', 'abc', '\0\xff\x80', 'é'])
        same(atob(btoa(text)), text);
    same(btoa('hello'), 'aGVsbG8=');
    same(btoa('\xff\xfe'), '//4=');
    same(atob(' YQ = = '), 'a');
    same(atob('YQ'), 'a');
    for (const wrong of ['a', 'abcde', 'a=', 'ab=', '====', 'a-b_', 'YQ=a', '=YQ=', 'é', '\0'])
        same(throws(() => atob(wrong), 'InvalidCharacterError').code, 5, wrong);
    throws(() => btoa('€'), 'InvalidCharacterError');
    throws(() => btoa(), 'TypeError');
});

await finish();
