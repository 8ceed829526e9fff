// What a person types into the REPL, and the script that it becomes. Run by repl_source.bats.
import { prepare, prepareWhole } from '../../src/javascript/repl_source.js';
import { finish, same, test } from './check.js';

const table = (name, rows, get) => test(name, () => {
    for (const [source, want] of rows)
        same(get(source), want, source);
});
const rewritten = (source) => {
    const { incomplete, script } = prepare(source);
    return incomplete ? 'incomplete' : script;
};

table('declarations at the top level may come again', [
    ['const x = 1', 'var x = 1'],
    ['let x', 'var x'],
    ['let { a, b: [c] } = x; const [d] = y', 'var { a, b: [c] } = x; var [d] = y'],
    ['var x = 1', 'var x = 1'],
    ['a\nconst b = 1', 'a\nvar b = 1'],
    ['if (a) { b() } const c = 1', 'if (a) { b() } var c = 1'],
    ['a\n++b\nlet c', 'a\n++b\nvar c'],
    ['function f() { const x = 1 }', 'function f() { const x = 1 }'],
    ['{ const x = 1; let y }', '{ const x = 1; let y }'],
    ['for (const x of [1]) y', 'for (const x of [1]) y'],
    ['for (let i = 0; i < 1; i++) { const z = i }', 'for (let i = 0; i < 1; i++) { const z = i }'],
    ['let = 5', 'let = 5'],
    ['let\nx = 5', 'var\nx = 5'],
    ['a.const; a?.let', 'a.const; a?.let'],
    ['x = { const: 1, class: 2 }', 'x = { const: 1, class: 2 }'],
    ['/* const */ const a = 1 // let b', '/* const */ var a = 1 // let b'],
], rewritten);

table('classes become values', [
    ['class A {}', 'var A = class A {};'],
    ['class A {} new A()', 'var A = class A {}; new A()'],
    ['class B extends A { m() { return {} } }', 'var B = class B extends A { m() { return {} } };'],
    ['class B extends mixin({}) {}', 'var B = class B extends mixin({}) {};'],
    ['class B extends class {} {} 1', 'var B = class B extends class {} {}; 1'],
    ['class C { static { const x = 1 } }', 'var C = class C { static { const x = 1 } };'],
    ['x = class A {}', 'x = class A {}'],
    ['x =\nclass A {}', 'x =\nclass A {}'],
    ['(class A {})', '(class A {})'],
], rewritten);

const checked = (from, names) =>
    `globalThis[Symbol.for('pinstripe.repl.exports')](await import(${from}), ${from}, [${names}])`;
table('imports are awaited', [
    ["import './a.js'", "await import('./a.js'); undefined;"],
    ["import a from './a.js'", `var { 'default': a } = ${checked("'./a.js'", "'default'")};`],
    ['import { a, b as c } from "./a.js";',
        `var { 'a': a, 'b': c } = ${checked('"./a.js"', "'a','b'")};`],
    ["import {\n  a,\n} from './a.js'\na()", `var { 'a': a } = ${checked("'./a.js'", "'a'")};\na()`],
    ["import { 'x y' as z } from './a.js'", `var { 'x y': z } = ${checked("'./a.js'", "'x y'")};`],
    ["import * as ns from './a.js'", "var ns = await import('./a.js');"],
    ["import d, * as ns from './a.js'",
        `var ns = ${checked("'./a.js'", "'default'")}, { 'default': d } = ns;`],
    ["import d, { e } from './a.js'",
        `var { 'default': d, 'e': e } = ${checked("'./a.js'", "'default','e'")};`],
    ["import d from './a.json' with { type: 'json' }; d",
        `var { 'default': d } = ${checked("'./a.json'", "'default'")}; d`],
    ["import('./a.js')", "import('./a.js')"],
    ["await import('./a.js')", "await import('./a.js')"],
    ['import.meta', 'import.meta'],
    ["import a 'b'", "import a 'b'"],
    ["const a = 1; import b from 'b'", `var a = 1; var { 'default': b } = ${checked("'b'", "'default'")};`],
], rewritten);

const untouched = [
    '"const a"', "'import x'", '`const ${ (() => { const a = 1; return a })() } class`', '/const [/]/.test(x)', '/[/]const/',
    'a / b / c; d', 'a++ / 2', 'x = a\n/ b', '(a) / b', 'if (a) /const/.test(b)', '[1] / 2', '`a` / 2', '1 / 2 // let',
    'return_ / 1', 'typeof /x/', 'a.return / 2 / 3', '`${`${1}`}`', '`\\${`', '`$`', '"\\"const"', "'a\\\nconst b'", '({}) / 1',
    'x = {} / 1', '$a_1', 'ä = 1', '1_000n', '.5 + 1', '0xff', '1e-5', 'a?.5:1', 'a?.b', 'x => { const y = 1 }',
    'async () => { class A {} }', '#x', 'do { x } while (y)', 'label: for (;;) { break label }', '',
];
table('nothing else is touched', untouched.map((source) => [source, source]), rewritten);

table('text that goes on', [
    ...['(', '[', '{', 'f(', 'x = {', '`', '`a ${', '`a ${b} c', '/* a', '[1, 2,', 'a +', 'a =', 'a ?', 'a ? b :', 'x =>', 'a &&', 'a.',
        'a?.', 'await', 'const', 'new', 'typeof', 'if (a)', 'for (;;)', 'while (a)', 'else', 'if (a) b; else', 'try {}', 'function f()',
        'function* f()', 'async function f()', 'import', "'a\\\n", '!', 'class', 'for await (const x of y)', 'f({ a: [1, `', '(/[)]/'],
].map((source) => [source, 'incomplete']), rewritten);

table('text that is whole, or never will be', [
    ...['f(a)', 'a++', 'a--', 'x.typeof', 'x.await', 'x.if(a)', 'do {} while (a)', 'try {} finally {}', ')', '}', "'a", 'if (a) b', '/[(]/', '"("',
        '// (', 'a ? b : c', 'return'],
].map((source) => [source, source]), rewritten);

table('the end of the input is the end', [
    ['const x = {', 'var x = {'],
    ['`a', '`a'],
], prepareWhole);

await finish();
