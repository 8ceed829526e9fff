// check.js - the small helper of the JavaScript tests: test(name, fn) runs one, `await finish()`
// ends a file. The output is TAP, which tools/run-tests counts. Globals are taken now, because a
// test may replace them.
const { stringify } = JSON;
const log = console.log;
const tests = [];

export const test = (name, fn) => tests.push({ name, fn });

const show = (value) =>
    typeof value === 'string' || value === null ? stringify(value) : String(value);

/** Throws unless the two are the same value; `what` names the row of a table. */
export const same = (got, want, what = '') => {
    if (!Object.is(got, want))
        throw new Error(`${what}\n  want ${show(want)}\n  got  ${show(got)}`);
};

/** As `same` for data: compares by JSON text. */
export const alike = (got, want, what) => same(stringify(got), stringify(want), what);

/** Throws unless fn throws an error of this name whose message has this text. */
export const throws = (fn, name, text = '') => {
    let error;
    try {
        fn();
    } catch (thrown) {
        error = thrown;
    }
    if (error === undefined)
        throw new Error(`nothing was thrown, wanted ${name}`);
    same(error.name, name, error.message);
    if (!error.message.includes(text))
        throw new Error(`the message "${error.message}" does not say "${text}"`);
    return error;
};

export const finish = async () => {
    log(`1..${tests.length}`);
    for (const [index, { name, fn }] of tests.entries()) {
        try {
            await fn();
            log(`ok ${index + 1} - ${name}`);
        } catch (error) {
            log(`not ok ${index + 1} - ${name}`);
            log(`${error.message}\n${error.stack}`.replace(/^/gm, '# '));
        }
    }
};
