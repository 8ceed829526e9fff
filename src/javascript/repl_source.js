/* repl_source.js - what a person types, as a script that the engine's asynchronous evaluation takes.
 *
 * That evaluation gives top-level await, but refuses a static import and a name that is declared
 * twice. So declarations at the top level become `var`, a class becomes a value of one, and an
 * import is awaited. Nothing else is touched: it works on tokens, so text, templates, comments and
 * regular expressions stay as they are.
 */
const CLOSERS = { ')': '(', ']': '[', '}': '{' };

/* A regular expression may follow these words, and a statement does not end with them. */
const OPERATOR_WORDS = new Set(['await', 'case', 'delete', 'do', 'else', 'extends', 'finally', 'in', 'instanceof', 'new',
    'return', 'throw', 'try', 'typeof', 'void', 'yield']);
const UNFINISHED_WORDS = new Set([...OPERATOR_WORDS, 'class', 'const', 'function', 'import', 'var'].filter(word => !['return', 'yield', 'case'].includes(word)));
const HEADS = new Set(['if', 'for', 'while', 'with']);
const ENDING_PUNCTUATORS = new Set([')', ']', '}', '++', '--', ';']);

const WORD = /[\p{ID_Start}$_#\\][\p{ID_Continue}$\u200c\u200d\\]*/uy;
const NUMBER = /(?:0[xob][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?)n?/iy;
const STRING = /'(?:[^'\\\n]|\\[^])*'?|"(?:[^"\\\n]|\\[^])*"?/y;
const REGEXP = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[\w$]*/y;
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const SPACE = /[\s\ufeff]+/y;
const PUNCTUATOR = /=>|\+\+|--|\.\.\.|\?\.(?!\d)|[^]/uy;

/* { tokens, open }: a token is { kind, text, start, end, depth, newline }, newline when a line ended
 * before it; an opening bracket also has { head, block }, a closing one `opener`. `open`: something
 * was not closed. */
export function tokenize(source){
    return new Tokenizer(source).all();
}

class Tokenizer {
    constructor(source){
        this.source = source;
        this.at = 0;
        this.tokens = [];
        this.brackets = [];
        this.newline = false;
        this.open = false;
    }

    all(){
        while(this.at < this.source.length && !this.open) this.next();
        return { tokens: this.tokens, open: this.open || this.brackets.length > 0 };
    }

    match(pattern){
        pattern.lastIndex = this.at;
        return pattern.exec(this.source)?.[0];
    }

    next(){
        const { source, at } = this;
        const character = source[at];
        let text;
        if((text = this.match(SPACE) ?? this.match(COMMENT)) !== undefined) return this.skip(text);
        if(source.startsWith('/*', at)) return void (this.open = true);
        if(character == '`') return this.template(at, at + 1);
        if((text = this.match(STRING)) !== undefined) return this.string(text);
        if(/\d/.test(character) || (character == '.' && /\d/.test(source[at + 1]))) return this.add('number', this.match(NUMBER));
        if((text = this.match(WORD)) !== undefined) return this.add('word', text);
        if(character == '/' && this.mayBeRegExp() && (text = this.match(REGEXP)) !== undefined) return this.add('regexp', text);
        this.punctuator(this.match(PUNCTUATOR));
    }

    skip(text){
        this.newline ||= text.includes('\n');
        this.at += text.length;
    }

    /* A text whose last line ends in a backslash goes on. */
    string(text){
        this.add('string', text);
        if(text.endsWith('\\\n') || (text.endsWith('\\') && this.at == this.source.length)) this.open = true;
    }

    add(kind, text, more){
        const token = { kind, text, start: this.at, end: this.at + text.length, depth: this.brackets.length, newline: this.newline, ...more };
        this.tokens.push(token);
        this.at = token.end;
        this.newline = false;
        return token;
    }

    /* From `start`, the backtick or the brace that ended a substitution, to the next of them. */
    template(start, from){
        const pattern = /(?:[^`\\$]|\\[^]|\$(?!\{))*(`|\$\{)?/y;
        pattern.lastIndex = from;
        const [text, end] = pattern.exec(this.source);
        const token = this.add('template', this.source.slice(start, from) + text);
        if(end === undefined) this.open = true;
        else if(end == '${') this.brackets.push({ ...token, text: '${' });
    }

    punctuator(text){
        if(text == '(' || text == '[' || text == '{') return this.opening(text);
        const opener = this.brackets.at(-1);
        if(text == '}' && opener?.text == '${'){
            this.brackets.pop();
            return this.template(this.at, this.at + 1);
        }
        if(!(text in CLOSERS)) return this.add('punctuator', text);
        if(opener?.text == CLOSERS[text]) this.brackets.pop();
        this.add('punctuator', text, { opener });
    }

    opening(text){
        const before = this.tokens.at(-1);
        this.brackets.push(this.add('punctuator', text, { before, head: text == '(' && this.isHead(), block: text == '{' && this.isBlock() }));
    }

    /* The bracket of `if (...)`, `for await (...)`, `function name(...)`: something must follow it. */
    isHead(){
        const [before, last] = this.tokens.slice(-2).length == 2 ? this.tokens.slice(-2) : [undefined, this.tokens.at(-1)];
        if(last?.kind == 'punctuator') return last.text == '*' && before?.text == 'function';
        if(last?.kind != 'word' || isProperty(before)) return false;
        return HEADS.has(last.text) || last.text == 'function' || (last.text == 'await' && before?.text == 'for') ||
            (before?.kind == 'word' && before.text == 'function') || (before?.text == '*' && this.tokens.at(-3)?.text == 'function');
    }

    isBlock(){
        const last = this.tokens.at(-1);
        if(!last) return true;
        if(last.kind == 'punctuator') return [';', ')', '=>'].includes(last.text) || (last.text == '{' && last.block) || (last.text == '}' && last.opener?.block === true);
        return last.kind == 'word' && (!OPERATOR_WORDS.has(last.text) || ['do', 'else', 'finally', 'try'].includes(last.text));
    }

    mayBeRegExp(){
        const last = this.tokens.at(-1);
        if(!last) return true;
        if(last.kind == 'word') return OPERATOR_WORDS.has(last.text) && !isProperty(this.tokens.at(-2));
        if(last.kind == 'template') return last.text.endsWith('${');
        if(last.kind != 'punctuator') return false;
        if(last.text == ')') return last.opener?.head === true;
        if(last.text == '}') return last.opener?.block === true;
        return ![']', '++', '--'].includes(last.text);
    }
}

function isProperty(before){
    return before?.text == '.' || before?.text == '?.';
}

/* Whether more must follow for this to be a script. */
function isUnfinished({ tokens, open }){
    const last = tokens.at(-1);
    if(open || !last) return open;
    if(last.kind == 'word') return UNFINISHED_WORDS.has(last.text) && !isProperty(tokens.at(-2));
    if(last.kind != 'punctuator') return false;
    if(last.text == ')') return last.opener?.head === true && !isEndOfDo(tokens, last.opener);
    if(last.text == '}') return last.opener?.before?.text == 'try' && last.opener.block;
    return !ENDING_PUNCTUATORS.has(last.text);
}

/* `do {} while (x)` */
function isEndOfDo(tokens, { before }){
    return before.text == 'while' && tokens[tokens.indexOf(before) - 1]?.text == '}';
}

/* Where a statement at the top level may begin. */
function beginsStatement(tokens, i){
    const token = tokens[i], before = tokens[i - 1];
    if(token.depth > 0) return false;
    if(!before || before.text == ';') return true;
    if(before.kind == 'punctuator' && before.text == '}' && before.opener?.block) return true;
    if(!token.newline) return false;
    if(before.kind == 'word') return !OPERATOR_WORDS.has(before.text);
    return before.kind != 'punctuator' || ENDING_PUNCTUATORS.has(before.text);
}

/* { incomplete, script }: `script` is undefined when incomplete. */
export function prepare(source){
    const tokenized = tokenize(source);
    if(isUnfinished(tokenized)) return { incomplete: true };
    return { incomplete: false, script: rewrite(source, tokenized.tokens) };
}

/* The script whether or not it is whole. */
export function prepareWhole(source){
    return rewrite(source, tokenize(source).tokens);
}

function rewrite(source, tokens){
    const edits = []; /* { start, end, text }, in order */
    for(let i = 0; i < tokens.length; i++){
        if(!beginsStatement(tokens, i) || tokens[i].kind != 'word') continue;
        const { text } = tokens[i], next = tokens[i + 1];
        if(text == 'const' || (text == 'let' && declares(next))) edits.push({ ...tokens[i], text: 'var' });
        else if(text == 'class' && next?.kind == 'word') edits.push(...classEdits(tokens, i));
        else if(text == 'import' && next && next.text != '(' && next.text != '.') edits.push(...importEdits(tokens, i));
    }
    return applyEdits(source, edits);
}

function declares(next){
    if(next?.kind == 'word') return !['in', 'instanceof', 'of'].includes(next.text);
    return next?.text == '[' || next?.text == '{';
}

function applyEdits(source, edits){
    let text = '', at = 0;
    for(const edit of edits){
        text += source.slice(at, edit.start) + edit.text;
        at = edit.end;
    }
    return text + source.slice(at);
}

/* `class A {}` as `var A = class A {};`. Classes and functions in what it extends have bodies of
 * their own. */
function classEdits(tokens, i){
    const { start, depth } = tokens[i];
    let bodies = 1;
    for(let j = i + 1; j < tokens.length; j++){
        const token = tokens[j];
        if(token.depth != depth) continue;
        if(token.kind == 'word' && (token.text == 'class' || token.text == 'function')) bodies++;
        if(token.text == '{' && tokens[j - 1].text == 'extends') bodies++;
        if(token.text == '}' && --bodies == 0) return [{ start, end: start, text: `var ${tokens[i + 1].text} = ` }, { start: token.end, end: token.end, text: ';' }];
    }
    return [];
}

/* `import a, { b as c } from 'x'` as a declaration of what the module exports. What is no import is
 * left for the engine to complain about. */
function importEdits(tokens, i){
    const names = []; /* [exported, local] */
    let whole, j = i + 1;
    const text = k => tokens[k]?.text;
    if(tokens[j].kind == 'word'){
        names.push(['default', text(j++)]);
        if(text(j) == ',') j++;
    }
    if(text(j) == '*' && text(j + 1) == 'as'){
        whole = text(j + 2);
        j += 3;
    } else if(text(j) == '{'){
        j = importNames(tokens, j + 1, names);
        if(j < 0) return [];
    }
    if(j > i + 1 && text(j++) != 'from') return [];
    if(tokens[j]?.kind != 'string') return [];
    return [{ start: tokens[i].start, end: tokens[endOfImport(tokens, j)].end, text: importText(names, whole, text(j)) }];
}

function importNames(tokens, j, names){
    for(; tokens[j] && tokens[j].text != '}'; j++){
        const { kind, text } = tokens[j];
        if(text == ',') continue;
        if(kind != 'word' && kind != 'string') return -1;
        const renamed = tokens[j + 1]?.text == 'as';
        names.push([text, renamed ? tokens[j + 2]?.text : text]);
        if(renamed) j += 2;
    }
    return tokens[j] ? j + 1 : -1;
}

/* With what follows the module's name: `with { type: 'json' }`, and a semicolon. */
function endOfImport(tokens, j){
    let end = j;
    if(tokens[j + 1]?.text == 'with' && tokens[j + 2]?.text == '{'){
        end = tokens.findIndex(({ text, depth }, k) => k > j && text == '}' && depth == tokens[j + 2].depth);
        if(end < 0) return j;
    }
    return tokens[end + 1]?.text == ';' ? end + 1 : end;
}

/* The name that a script finds the check of exports by: see repl.js. */
export const EXPORTS = Symbol.for('pinstripe.repl.exports');

function importText(names, whole, from){
    const imported = `await import(${from})`;
    if(!whole && !names.length) return `${imported}; undefined;`;
    const wanted = names.map(([name]) => quoted(name)).join();
    const module = names.length ? `globalThis[Symbol.for('pinstripe.repl.exports')](${imported}, ${from}, [${wanted}])` : imported;
    const pattern = `{ ${names.map(([name, local]) => `${quoted(name)}: ${local}`).join(', ')} }`;
    if(!whole) return `var ${pattern} = ${module};`;
    return `var ${whole} = ${module}${names.length ? `, ${pattern} = ${whole}` : ''};`;
}

function quoted(name){
    return /^['"]/.test(name) ? name : `'${name}'`;
}
