// dates.js - checks Date against tests/vectors/local-dates.json in the zone of the process;
// dates.bats runs it once for each zone. In a row `fields` and both `texts` mean the instant `time`;
// `set`(`to`) on the instant `from` gives `then`, and `from` is shown as `shown`.
const same = (got, want, row) => {
    if (got !== want)
        throw new Error(`got ${got}, want ${want} in ${JSON.stringify(row)}`);
};

export const check = (rows) => {
    for (const row of rows) {
        same(new Date(...row.fields).getTime(), row.time, row);
        for (const text of row.texts) {
            same(new Date(text).getTime(), row.time, row);
            same(Date.parse(text), row.time, row);
        }
        const date = new Date(row.from);
        same(date.toString(), row.shown, row);
        same(date[row.set](row.to), row.then, row);
        same(date.getTime(), row.then, row);
    }
    console.log(`${rows.length} rows`);
};

/** What must hold in every zone. */
export const checkDate = () => {
    same(typeof Date(), 'string');
    same(new Date(5).constructor, Date);
    same(new (class extends Date {})(2024, 0, 1) instanceof Date, true);
    same(Object.prototype.toString.call(new Date()), '[object Date]');
    same(Date.length, 7);
    same(Date.name, 'Date');
    same(new Date(new Date(7)).getTime(), 7);
    same(new Date('2024-01-01').getTime(), Date.UTC(2024, 0, 1));
    same(new Date('2024-11-03T03:30Z').getTime(), Date.UTC(2024, 10, 3, 3, 30));
    same(new Date('2024-11-03T03:30-05:00').getTime(), Date.UTC(2024, 10, 3, 8, 30));
    same(new Date('Sun, 03 Nov 2024 03:30:00 GMT').getTime(), Date.UTC(2024, 10, 3, 3, 30));
    same(new Date({ valueOf: () => 9 }).getTime(), 9);
    same(new Date({ [Symbol.toPrimitive]: () => '2024-01-01' }).getTime(), Date.UTC(2024, 0, 1));
    for (const wrong of [NaN, 'x', undefined, {}, 8.64e15 + 1])
        same(Number.isNaN(new Date(wrong).getTime()), true, String(wrong));
    same(Number.isNaN(new Date(NaN).setHours(1)), true);
    same(Number.isNaN(new Date(2024, NaN).getTime()), true);
    same(new Date(null).getTime(), 0);
    same(new Date(1e20, 0).getTime() === 0, false);
    same(new Date(99, 0).getFullYear(), 1999);
    same(new Date(-1, 0).getFullYear(), -1);
    same(new Date(NaN).setFullYear(2000), new Date(2000, 0, 1).getTime());
};
