// What console.log writes, against tests/vectors/inspect.json, and that nothing can break it.
// `inspect` is not public: it is the third argument that an object's own method is called with.
import vectors from '../vectors/inspect.json';
import { finish, same, test } from './check.js';

const custom = Symbol.for('pinstripe.inspect');
let inspect;
console.log({
    [custom](depth, options, given) {
        inspect = given;
        return '# inspect is taken';
    },
});
const { format } = inspect;

const evaluate = (source) => (0, eval)(`(${source})`);

test('console.log writes values as Node does', () => {
    for (const { source, want } of vectors.format)
        same(format(...evaluate(source)), want, source);
});

test('inspect follows its options', () => {
    for (const { source, options, want } of vectors.inspect)
        same(inspect(evaluate(source), options), want, `${source} ${JSON.stringify(options)}`);
});

test('an error is written with its message, stack, properties and cause', () => {
    const error = new RangeError('too far', { cause: new TypeError('the cause') });
    error.code = 'E_FAR';
    const text = inspect(error);
    const lines = text.split('\n');
    same(lines[0], 'RangeError: too far');
    same(/^ {4}at .*inspect_test\.js:\d+/.test(lines[1]), true, text);
    same(text.includes("  code: 'E_FAR',"), true, text);
    same(text.includes('  [cause]: TypeError: the cause\n      at '), true, text);
});

test('an error is told by its class and its name', () => {
    const bare = (error) => {
        error.stack = '';
        return error;
    };
    class MyError extends Error {}
    class Named extends Error {
        constructor(message) {
            super(message);
            this.name = 'NameOfMine';
        }
    }
    const rows = [
        [bare(new Error('x')), '[Error: x]'],
        [bare(new Error()), '[Error]'],
        [bare(new MyError('x')), '[MyError: x]'],
        [bare(new Named('x')), '[NameOfMine: x]'],
        [bare(new DOMException('x', 'AbortError')), '[DOMException [AbortError]: x]'],
        [{ e: [bare(new Error('in'))] }, '{ e: [ [Error: in] ] }'],
        [bare(new AggregateError([bare(new Error('a')), 1], 'all')),
            '[AggregateError: all] { [errors]: [ [Error: a], 1 ] }'],
    ];
    for (const [error, want] of rows)
        same(inspect(error), want);
});

test('a stack that came with its header is not given a second one', () => {
    const error = new Error('far away');
    error.stack = 'Error: far away\n    at run (lib/background_jobs/x.js:3:9)';
    same(inspect(error), error.stack);
});

test('an object says itself how it looks', () => {
    class Row {
        [custom](depth, options, given) {
            return `Row ${given({ depth, two: 'x'.repeat(3) }, options)}`;
        }
    }
    same(inspect(new Row()), "Row { depth: 2, two: 'xxx' }");
    same(inspect({ a: new Row() }), "{ a: Row { depth: 1, two: 'xxx' } }");
    same(inspect({ a: { [custom]: () => 'one\ntwo' } }), '{\n  a: one\n  two\n}');
    same(inspect({ [custom]: () => ({ other: 1 }) }), '{ other: 1 }');
    same(inspect({ [custom]() { return this; }, a: 1 }).includes('a: 1'), true);
    same(inspect(new Proxy(new Row(), {})), "Row { depth: 2, two: 'xxx' }");
    same(inspect(Row.prototype), '{}');
});

const hostile = () => { throw new Error('hostile'); };

test('what throws while it is looked at becomes a note', () => {
    const every = new Proxy({}, {
        get: hostile, has: hostile, ownKeys: hostile, getPrototypeOf: hostile,
        getOwnPropertyDescriptor: hostile,
    });
    const rows = [
        [every, '{}'],
        [Object.create(every), /./],
        [{ [custom]: hostile }, '[Object: looking at it threw: hostile]'],
        [{ a: 1, b: { [custom]: hostile } }, '{ a: 1, b: [Object: looking at it threw: hostile] }'],
        [{ get [custom]() { return hostile(); } }, '[Object: looking at it threw: hostile]'],
        [Object.defineProperty({}, Symbol.toStringTag, { get: hostile }), '{}'],
        [Object.defineProperty({ a: 1 }, 'constructor', { get: hostile }), '{ a: 1 }'],
        [new (class { static get name() { return hostile(); } })(), /./],
        [Object.defineProperty(() => 1, 'name', { get: hostile }), '[Function (anonymous)]'],
        [Object.defineProperty(new Error('m'), 'message', { get: hostile }), /^Error/],
        [Object.defineProperty(new Error('m'), 'stack', { get: hostile }), '[Error: m]'],
        [Object.defineProperty(new Error('m'), 'name', { get: hostile }), /^Error: m/],
        [Object.assign(new Error('m'), { cause: every }), /cause/],
        [{ a: { toJSON: hostile, toString: hostile, valueOf: hostile } }, /toJSON: \[Function/],
    ];
    for (const [value, want] of rows) {
        const text = inspect(value);
        const right = typeof want === 'string' ? text === want : want.test(text);
        same(right, true, `${want} and not ${text}`);
    }
    for (const mark of ['%s', '%d', '%i', '%f', '%j', '%o', '%O', '%c'])
        same(typeof format(mark, { toString: hostile, valueOf: hostile, toJSON: hostile }),
            'string', mark);
});

test('depth and size have ends', () => {
    let deep = {};
    for (let i = 0; i < 100000; i++)
        deep = { deep };
    same(inspect(deep), '{ deep: { deep: { deep: [Object] } } }');
    same(inspect(deep, { depth: Infinity }).includes('looking at it threw'), true);
    const long = new Array(1000000).fill(7);
    same(inspect(long).endsWith('... 999900 more items\n]'), true);
    same(inspect('x'.repeat(20000)).endsWith('... 10000 more characters'), true);
});

test('a Set, a Map and a Date are shown whatever their prototypes were made to do', () => {
    const map = new Map([[1, 2]]);
    map.entries = map.forEach = map.get = hostile;
    Object.defineProperty(map, 'size', { get: hostile });
    same(inspect(map), 'Map(1) {\n  1 => 2,\n  get: [Function: hostile],\n' +
        '  forEach: [Function: hostile],\n  entries: [Function: hostile]\n}');
});

await finish();
