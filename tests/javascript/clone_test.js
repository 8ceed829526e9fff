// structuredClone.
import { alike, finish, same, test, throws } from './check.js';

test('data is copied deeply', () => {
    const value = { a: [1, { b: 'x' }], n: null, u: undefined, z: -0, big: 5n, yes: true };
    const copy = structuredClone(value);
    same(copy === value || copy.a === value.a || copy.a[1] === value.a[1], false);
    same(copy.a[1].b, 'x');
    same(Object.hasOwn(copy, 'u'), true);
    same(copy.z, -0);
    same(copy.big, 5n);
});

test('cycles and shared parts keep their shape', () => {
    const value = { list: [] };
    value.self = value;
    value.list.push(value, value.list);
    const copy = structuredClone(value);
    same(copy.self, copy);
    same(copy.list[0], copy);
    same(copy.list[1], copy.list);
});

test('a deep structure needs no stack', () => {
    let value = null;
    for (let i = 0; i < 200000; i++)
        value = { value };
    let depth = 0;
    for (let at = structuredClone(value); at !== null; at = at.value)
        depth++;
    same(depth, 200000);
});

test('Map, Set, Date, RegExp and boxed values keep their kind', () => {
    const key = {};
    const copy = structuredClone({
        map: new Map([[key, key], ['b', new Set([1, key])]]),
        date: new Date(5),
        none: new Date(NaN),
        pattern: Object.assign(/a/gi, { lastIndex: 2 }),
        number: Object(1),
        text: Object('ab'),
        no: Object(false),
        big: Object(1n),
    });
    const [[newKey, newValue]] = copy.map;
    same(newKey === newValue && newKey !== key, true);
    same(copy.map.get('b').has(newKey), true);
    same(copy.date.getTime(), 5);
    same(Number.isNaN(copy.none.getTime()), true);
    same(`${copy.pattern}`, '/a/gi');
    same(copy.pattern.lastIndex, 0);
    same(copy.number instanceof Number, true);
    same(copy.text instanceof String, true);
    same(copy.no instanceof Boolean, true);
    same(copy.no == false, true);
    same(typeof copy.big, 'object');
});

test('errors keep name, message, stack and cause', () => {
    class Mine extends TypeError {}
    const error = Object.assign(new Mine('wrong', { cause: { a: 1 } }), { extra: 1 });
    const copy = structuredClone(error);
    same(copy.constructor, TypeError);
    same(copy.message, 'wrong');
    same(copy.stack.includes('clone_test.js'), true);
    alike(copy.cause, { a: 1 });
    same(copy.extra, undefined);
    same(structuredClone(new AggregateError([], 'x')).constructor, Error);
    const exception = structuredClone(new DOMException('m', 'AbortError'));
    same(exception instanceof DOMException && exception.code === 20, true);
});

test('buffers and views are copied, views of one buffer share the copy', () => {
    const buffer = new ArrayBuffer(8);
    const value = {
        buffer,
        part: new Uint8Array(buffer, 2, 3),
        wide: new Float64Array(buffer),
        view: new DataView(buffer, 1),
    };
    value.part[0] = 9;
    const copy = structuredClone(value);
    same(copy.part.buffer, copy.buffer);
    same(copy.wide.buffer, copy.buffer);
    same(copy.view.byteOffset, 1);
    same(copy.part[0], 9);
    same(copy.part.byteOffset, 2);
    copy.part[0] = 1;
    same(value.part[0], 9);
});

test('arrays keep holes and extra properties; class instances become plain', () => {
    const copy = structuredClone(Object.assign([1, , 3], { extra: 1 }));
    same(copy.length, 3);
    same(1 in copy, false);
    same(copy.extra, 1);
    class Foo {
        a = 1;
        #p = 2;
        get b() { return this.#p; }
    }
    same(structuredClone(new Foo()).constructor, Object);
    alike(structuredClone(new Foo()), { a: 1 });
    alike(structuredClone({ get a() { return [1]; } }), { a: [1] });
    const odd = structuredClone(JSON.parse('{"__proto__":{"x":1}}'));
    same(Object.getPrototypeOf(odd), Object.prototype);
});

test('what is no data is refused', () => {
    const rows = [
        () => 1, Symbol('s'), class {}, new WeakMap(), new WeakSet(), Promise.resolve(),
        new Proxy({}, {}), Object(Symbol('s')), new WeakRef({}), (function* () {})(),
        new Map().entries(),
    ];
    for (const value of rows) {
        const clone = () => structuredClone({ deep: [value] });
        const error = throws(clone, 'DataCloneError', 'could not be cloned');
        same(error.code, 25);
    }
    throws(() => structuredClone(), 'TypeError');
    const defended = { get a() { throw new RangeError('mine'); } };
    throws(() => structuredClone(defended), 'RangeError', 'mine');
});

test('a buffer can be handed over', () => {
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    const copy = structuredClone({ buffer }, { transfer: [buffer] });
    same(buffer.byteLength, 0);
    same(new Uint8Array(copy.buffer).join(), '1,2,3');
    throws(() => structuredClone(1, { transfer: [buffer] }), 'DataCloneError', 'not detached');
    throws(() => structuredClone(buffer), 'DataCloneError');
    throws(() => structuredClone(1, { transfer: [{}] }), 'DataCloneError');
    const kept = new ArrayBuffer(1);
    throws(() => structuredClone(() => 1, { transfer: [kept] }), 'DataCloneError');
    same(kept.byteLength, 1);
    throws(() => structuredClone(1, { transfer: [kept, kept] }), 'DataCloneError');
});

await finish();
