// The globals: that they are there, and crypto, performance and queueMicrotask.
import { finish, same, test, throws } from './check.js';

const names = [
    'AbortController', 'AbortSignal', 'CustomEvent', 'DOMException', 'Event', 'EventTarget',
    'TextDecoder', 'TextEncoder', 'URL', 'URLSearchParams', 'atob', 'btoa', 'clearInterval',
    'clearTimeout', 'console', 'crypto', 'performance', 'queueMicrotask', 'setInterval',
    'setTimeout', 'structuredClone',
];

test('every global is there and can be replaced, but is not enumerated', () => {
    for (const name of names) {
        const found = Object.getOwnPropertyDescriptor(globalThis, name);
        same(found?.value !== undefined, true, name);
        same(!found.enumerable && found.writable && found.configurable, true, name);
    }
});

test('random values fill arrays of integers up to 65,536 bytes', () => {
    const array = new Uint8Array(65536);
    same(crypto.getRandomValues(array), array);
    same(new Set(array).size, 256);
    const wide = crypto.getRandomValues(new BigUint64Array(4));
    same(wide[0] !== wide[1], true);
    const part = new Uint8Array(64);
    crypto.getRandomValues(part.subarray(32));
    same(part.subarray(0, 32).every((byte) => byte === 0), true);
    const tooMany = new Uint8Array(65537);
    same(throws(() => crypto.getRandomValues(tooMany), 'QuotaExceededError').code, 22);
    for (const wrong of [new Float64Array(1), new ArrayBuffer(1), [], undefined])
        throws(() => crypto.getRandomValues(wrong), 'TypeMismatchError');
});

test('a UUID is of version 4 and never the same', () => {
    const seen = new Set();
    for (let i = 0; i < 1000; i++) {
        const id = crypto.randomUUID();
        const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
        same(uuid.test(id), true, id);
        seen.add(id);
    }
    same(seen.size, 1000);
});

test('performance.now goes on and starts at the origin', () => {
    const before = performance.now();
    const after = performance.now();
    same(before >= 0 && after >= before, true);
    const drift = performance.timeOrigin + after - Date.now();
    same(Math.abs(drift) < 1000, true, `${drift} ms between the clocks`);
});

test('a microtask comes after this code and before a timer', async () => {
    const seen = [];
    setTimeout(() => seen.push('timer'), 0);
    queueMicrotask(() => seen.push('microtask'));
    seen.push('code');
    await new Promise((resolve) => { setTimeout(resolve, 1); });
    same(seen.join(), 'code,microtask,timer');
});

test('captureStackTrace gives an object a stack', () => {
    const object = {};
    Error.captureStackTrace(object);
    same(object.stack.includes('platform_test.js'), true);
});

await finish();
